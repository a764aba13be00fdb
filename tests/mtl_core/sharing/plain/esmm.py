"""The entire space multi-task model with ordinary modules, in probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, heads, linears


class Plain(nn.Module):
    """A trunk, and a tower and a head for each task.

    Args:
        order: places of the tasks in the funnel, first things first.
    """

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int, order: Sequence[int]
    ) -> None:
        super().__init__()
        self.depth, self.order = depth, order
        self.trunk = chain(inputs, width, depth)
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = heads(tasks, width, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        h = self.trunk(x)
        of_reached = [head(tower(h)).sigmoid() for tower, head in zip(self.towers, self.heads, strict=True)]
        probable: dict[int, Tensor] = {}
        before: Tensor | float = 1.0
        for place in self.order:
            before = probable[place] = before * of_reached[place]
        return [torch.log(probable[task] / (1 - probable[task])) for task in range(len(self.heads))]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, "head.binary1", task, transposed=False)
