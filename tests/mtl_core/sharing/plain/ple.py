"""Progressive layered extraction with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


def mixed(gate: nn.Module, seen: Tensor, outputs: list[Tensor]) -> Tensor:
    """Outputs weighed by a gate for what it sees."""
    weights = gate(seen).softmax(dim=1)
    return torch.stack([weights[:, place, None] * output for place, output in enumerate(outputs)]).sum(dim=0)


class Level(nn.Module):
    """Own and shared experts, task gates and, unless it is the last level, a shared gate."""

    def __init__(self, tasks: int, inputs: int, width: int, shared: int, own: int, last: bool) -> None:
        super().__init__()
        self.own = nn.ModuleList(nn.ModuleList(chain(inputs, width, 1) for _ in range(own)) for _ in range(tasks))
        self.shared = nn.ModuleList(chain(inputs, width, 1) for _ in range(shared))
        self.gates = nn.ModuleList(nn.Linear(inputs, own + shared) for _ in range(tasks))
        self.shared_gate = None if last else nn.Linear(inputs, tasks * own + shared)

    def forward(self, own: list[Tensor], shared: Tensor) -> tuple[list[Tensor], Tensor]:
        common = [expert(shared) for expert in self.shared]
        of_tasks = [[expert(x) for expert in experts] for experts, x in zip(self.own, own, strict=True)]
        found = [mixed(gate, x, [*each, *common]) for gate, x, each in zip(self.gates, own, of_tasks, strict=True)]
        if self.shared_gate is None:
            return found, shared
        return found, mixed(self.shared_gate, shared, [*(h for each in of_tasks for h in each), *common])


class Plain(nn.Module):
    """Levels, towers and heads."""

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
        self.levels = nn.ModuleList(
            Level(tasks, width if level else inputs, width, shared_experts, own_experts, level == depth - 1)
            for level in range(depth)
        )
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        own, shared = [x] * len(self.heads), x
        for level in self.levels:
            own, shared = level(own, shared)
        return [head(tower(h)) for h, tower, head in zip(own, self.towers, self.heads, strict=True)]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``, own experts before shared ones."""
        for number, level in enumerate(self.levels):
            for place, expert in enumerate([*(expert for own in level.own for expert in own), *level.shared]):
                fill(expert[0], values, f"stage{number}", place)
            for task, gate in enumerate(level.gates):
                fill(gate, values, f"gate{number}", task, transposed=False)
            if level.shared_gate is not None:
                fill(level.shared_gate, values, f"shared_gate{number}", 0, transposed=False)
        for task, tower in enumerate(self.towers):
            for number, layer in enumerate(linears(tower), len(self.levels)):
                fill(layer, values, f"stage{number}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
