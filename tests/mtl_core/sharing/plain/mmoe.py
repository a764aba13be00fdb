"""Multi-gate mixture of experts with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """Experts, gates, towers and heads."""

    num_gates: int | None = None

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int, experts: int = 4
    ) -> None:
        super().__init__()
        self.depth = depth
        self.experts = nn.ModuleList(chain(inputs, width, depth) for _ in range(experts))
        self.gates = nn.ModuleList(nn.Linear(inputs, experts) for _ in range(self.num_gates or tasks))
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = torch.stack([expert(x) for expert in self.experts], dim=1)
        found = []
        for task, (tower, head) in enumerate(zip(self.towers, self.heads, strict=True)):
            weights = self.gates[task % len(self.gates)](x).softmax(dim=1)
            found.append(head(tower((weights[:, :, None] * outputs).sum(dim=1))))
        return found

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for place, expert in enumerate(self.experts):
            for level, layer in enumerate(linears(expert)):
                fill(layer, values, f"stage{level}", place)
        for place, gate in enumerate(self.gates):
            fill(gate, values, "gate0", place, transposed=False)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
