"""One network whose pre-activations every task gates, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """A trunk, gates and shifts of the tasks and one head."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int, shift: bool = False
    ) -> None:
        super().__init__()
        self.tasks = tasks
        self.trunk = chain(inputs, width, stages)
        self.gates = nn.ParameterList(torch.zeros(tasks, width) for _ in range(stages))
        self.shifts = nn.ParameterList(torch.zeros(tasks, width) for _ in range(stages if shift else 0))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task in range(self.tasks):
            h = x
            for level, layer in enumerate(linears(self.trunk)):
                h = layer(h) * (1 + self.gates[level][task])
                h = torch.relu(h + self.shifts[level][task] if len(self.shifts) else h)
            outputs.append(self.head(h))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
            self.gates[level].data.copy_(values[f"stage{level}.gate"])
        for level, shift in enumerate(self.shifts):
            shift.data.copy_(values[f"stage{level}.shift"])
        fill(self.head, values, f"head.multiclass{self.head.out_features}", 0, transposed=False)
