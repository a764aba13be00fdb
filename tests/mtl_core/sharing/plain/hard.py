"""Hard sharing with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """A trunk, towers and heads."""

    def __init__(self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.trunk = chain(inputs, width, depth)
        first = width if depth else inputs
        self.towers = nn.ModuleList(chain(first, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        h = self.trunk(x)
        return [head(tower(h)) for tower, head in zip(self.towers, self.heads, strict=True)]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
