"""Cross-stitch networks with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import fill, fill_heads, heads, unrolled


class Plain(nn.Module):
    """Layers, mixing matrices and heads."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int, per_channel: bool = False
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleList(nn.Linear(width if level else inputs, width) for _ in range(tasks)) for level in range(stages)
        )
        shape = (tasks, tasks, width) if per_channel else (tasks, tasks, 1)
        self.stitches = nn.ParameterList(torch.zeros(shape) for _ in range(depth))
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        tasks = range(len(self.heads))
        signals = [x for _ in tasks]
        for level, layers in enumerate(self.layers):
            signals = [torch.relu(layer(h)) for layer, h in zip(layers, signals, strict=True)]
            if level < len(self.stitches):
                a = self.stitches[level]
                signals = [sum(a[i, j] * signals[j] for j in tasks) for i in tasks]
        return [head(h) for head, h in zip(self.heads, signals, strict=True)]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layers in enumerate(self.layers):
            for task, layer in enumerate(layers):
                fill(layer, values, f"stage{level}", task)
        for level, stitch in enumerate(self.stitches):
            rows = values[f"stitch{level}.weight"]
            stitch.data.copy_(unrolled(rows.reshape(len(self.heads), len(self.heads), -1)))
        fill_heads(self.heads, values)
