"""Two stages for the contract suite: one that spreads an example over more channels, and one that gathers it again."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Wide(nn.Module):
    """Images to ``width`` maps, columns to ``width`` features."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(inputs[0], width, 3, padding=1) if len(inputs) == 3 else nn.Linear(inputs[0], width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.layer(x))


class Square(nn.Module):
    """Whatever enters, flattened, to ``width`` features."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(math.prod(inputs), width)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.norm(self.layer(x.flatten(1))))
