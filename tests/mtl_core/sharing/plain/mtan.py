"""A multi-task attention network with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, fill_heads, heads, linears


class Plain(nn.Module):
    """Shared layers, a stack of masks for each task, towers and heads."""

    def __init__(self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.shared = nn.ModuleList(nn.Linear(width if level else inputs, width) for level in range(depth))
        self.read = nn.ModuleList(
            nn.ModuleList(nn.Linear(2 * width if level else width, width) for level in range(depth))
            for _ in range(tasks)
        )
        self.write = nn.ModuleList(nn.ModuleList(nn.Linear(width, width) for _ in range(depth)) for _ in range(tasks))
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for layer in self.shared:
            x = torch.relu(layer(x))
            features.append(x)
        outputs = []
        for reads, writes, tower, head in zip(self.read, self.write, self.towers, self.heads, strict=True):
            seen, g = features[0], features[0]
            for level, s in enumerate(features):
                seen = s if level == 0 else torch.cat([s, g], dim=1)
                g = torch.sigmoid(writes[level](torch.relu(reads[level](seen)))) * s
            outputs.append(head(tower(g)))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(self.shared):
            fill(layer, values, f"stage{level}", 0)
        for task, (reads, writes, tower) in enumerate(zip(self.read, self.write, self.towers, strict=True)):
            for level in range(self.depth):
                fill(reads[level], values, f"attention{level}.read", task)
                fill(writes[level], values, f"attention{level}.write", task)
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        fill_heads(self.heads, values)
