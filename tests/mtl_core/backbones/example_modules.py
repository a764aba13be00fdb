"""Modules as users write them, easy and awkward ones; found by their paths."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def affine(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs[0], width), nn.ReLU())


def convolution(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs[0], width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten())


def maps(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Conv2d(inputs[0], width, 3, padding=1)


def normalised(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.LayerNorm(inputs[0]), nn.Linear(inputs[0], width), nn.BatchNorm1d(width), nn.SiLU())


def batch_norm(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs[0], width), nn.BatchNorm1d(width))


class Attending(nn.Module):
    """Torch's fused attention, which vmap knows by single calls alone."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)[:, None, :, None]
        return nn.functional.scaled_dot_product_attention(y, y, y).flatten(1)


def overwriting(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.ReLU(inplace=True), nn.Linear(inputs[0], width))


def dropping(inputs: tuple[int, ...], width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs[0], width), nn.Dropout(0.5))


class Recurrent(nn.Module):
    """Columns as a sequence."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.memory = nn.LSTM(1, width, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.memory(x.unsqueeze(-1))[0][:, -1]


class Looking(nn.Module):
    """Python branches on values."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)
        return y.tanh() if y.sum().item() > 0 else 2 * y


class Masking(nn.Module):
    """A boolean mask selects elements."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)
        out = torch.zeros_like(y)
        out[y > 0.1] = y[y > 0.1] ** 2
        return out


class Tied(nn.Module):
    """One weight, used twice."""

    def __init__(self, inputs: tuple[int, ...]) -> None:
        super().__init__()
        self.there = nn.Linear(inputs[0], inputs[0])
        self.back = nn.Linear(inputs[0], inputs[0])
        self.back.weight = self.there.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.back(torch.relu(self.there(x)))


class Counting(nn.Module):
    """Buffers that are put in place of the old ones, one of them an integer; and frozen parameters."""

    scale: Tensor
    calls: Tensor

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], width)
        self.frozen = nn.Parameter(torch.rand(width), requires_grad=False)
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.scale = 0.9 * self.scale + 0.1 * x.detach().abs().mean()
            self.calls = self.calls + 1
        return self.layer(x) / self.scale + self.frozen * self.calls


class Visiting(nn.Module):
    """A buffer that is changed in place, whatever the mode."""

    visits: Tensor

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs[0], width)
        self.register_buffer("visits", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.visits.add_(1.0)
        return self.layer(x)


PRETRAINED = nn.Sequential(nn.Linear(6, 5), nn.Tanh())


def nothing() -> None:
    return None


def greedy(needed: int) -> nn.Module:
    return nn.Linear(needed, needed)
