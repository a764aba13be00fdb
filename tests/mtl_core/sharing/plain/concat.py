"""One network that reads a one-hot task descriptor beside its inputs, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """A trunk over [x; z] and one head."""

    def __init__(self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int) -> None:
        super().__init__()
        self.tasks = tasks
        self.trunk = chain(inputs + tasks, width, stages)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        z = torch.eye(self.tasks)
        return [self.head(self.trunk(torch.cat([x, z[task].expand(len(x), -1)], dim=1))) for task in range(self.tasks)]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
        fill(self.head, values, f"head.multiclass{self.head.out_features}", 0, transposed=False)
