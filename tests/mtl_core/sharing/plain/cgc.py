"""Customised gate control with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """Own and shared experts, gates, towers and heads."""

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int,
        shared_experts: int = 1,
        own_experts: int = 1,
    ) -> None:
        super().__init__()
        self.depth = depth
        self.own = nn.ModuleList(
            nn.ModuleList(chain(inputs, width, depth) for _ in range(own_experts)) for _ in range(tasks)
        )
        self.shared = nn.ModuleList(chain(inputs, width, depth) for _ in range(shared_experts))
        self.gates = nn.ModuleList(nn.Linear(inputs, own_experts + shared_experts) for _ in range(tasks))
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        found = []
        for own, gate, tower, head in zip(self.own, self.gates, self.towers, self.heads, strict=True):
            outputs = torch.stack([expert(x) for expert in [*own, *self.shared]], dim=2)
            found.append(head(tower((outputs @ gate(x).softmax(dim=1)[:, :, None])[:, :, 0])))
        return found

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``, own experts before shared ones."""
        experts = [*(expert for own in self.own for expert in own), *self.shared]
        for place, expert in enumerate(experts):
            for level, layer in enumerate(linears(expert)):
                fill(layer, values, f"stage{level}", place)
        for task, gate in enumerate(self.gates):
            fill(gate, values, "gate0", task, transposed=False)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
