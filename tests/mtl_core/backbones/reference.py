"""Stages as one would write them with ordinary modules, and how they take over a copy of the engine's parameters."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_core.backbones import ImageBackbone
from mtl_core.layers.bank import Theta

Values = Mapping[str, Tensor]


def values_of(theta: Theta, row: int, copy: int = 0) -> Values:
    """Slot name → values of one copy."""
    return {slot.name: value.detach()[row, copy] for slot, value in theta.items()}


class ConvNetStage(nn.Sequential):
    """Convolution, rectifier, maximum."""

    def __init__(self, inputs: int, outputs: int, shrinks: bool) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), *([nn.MaxPool2d(2)] if shrinks else []))

    def load(self, values: Values, name: str) -> None:
        """Take over the parameters of the stage of that name."""
        _load(self[0], values, name)


class ResNetStage(nn.Module):
    """A basic block."""

    def __init__(self, inputs: int, outputs: int, shrinks: bool) -> None:
        super().__init__()
        stride = 2 if shrinks else 1
        self.first, self.first_norm = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.second, self.second_norm = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.shortcut = self.shortcut_norm = nn.Identity()
        if inputs != outputs or shrinks:
            self.shortcut, self.shortcut_norm = (
                nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        h = self.second_norm(self.second(torch.relu(self.first_norm(self.first(x)))))
        return torch.relu(h + self.shortcut_norm(self.shortcut(x)))

    def load(self, values: Values, name: str) -> None:
        """Take over the parameters and running statistics of the stage of that name."""
        for part in ("first", "second", "shortcut"):
            layer, norm = getattr(self, part), getattr(self, f"{part}_norm")
            if isinstance(layer, nn.Conv2d):
                _load(layer, values, f"{name}.{part}")
                pieces = (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var)
                for piece, slot in zip(pieces, ("gain", "shift", "mean", "variance"), strict=True):
                    piece.copy_(values[f"{name}.{part}.norm.{slot}"])


STAGES: dict[str, type[ConvNetStage | ResNetStage]] = {"convnet": ConvNetStage, "resnet": ResNetStage}


class Plain(nn.Sequential):
    """Stages, pooling, and a head of three classes."""

    def __init__(self, backbone: ImageBackbone, name: str, pool: str) -> None:
        stages = [
            STAGES[name](backbone.channels_at(level - 1), backbone.width, backbone.shrinks(level))
            for level in range(backbone.num_stages)
        ]
        average = [nn.AdaptiveAvgPool2d(1)] if pool == "mean" else []
        super().__init__(*stages, *average, nn.Flatten(), nn.Linear(backbone.num_features, 3))

    def load(self, values: Values) -> Plain:
        """Take over a copy's parameters."""
        for level, stage in enumerate(self):
            if isinstance(stage, ConvNetStage | ResNetStage):
                stage.load(values, f"stage{level}")
        _load(self[-1], values, "head.multiclass3")
        return self


def _load(layer: nn.Conv2d | nn.Linear, values: Values, name: str) -> None:
    layer.weight.data.copy_(values[f"{name}.weight"])
    if layer.bias is not None:
        layer.bias.data.copy_(values[f"{name}.bias"])
