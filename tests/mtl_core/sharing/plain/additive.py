"""One network whose first stage, or every one, has a bias for each task, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """A trunk, biases of the tasks and one head."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int, every_stage: bool = False
    ) -> None:
        super().__init__()
        self.tasks = tasks
        self.trunk = chain(inputs, width, stages)
        self.shifts = nn.ParameterList(torch.zeros(tasks, width) for _ in range(stages if every_stage else 1))
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task in range(self.tasks):
            h = x
            for level, layer in enumerate(linears(self.trunk)):
                h = layer(h) + (self.shifts[level][task] if level < len(self.shifts) else 0)
                h = torch.relu(h)
            outputs.append(self.head(h))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
        for level, shift in enumerate(self.shifts):
            shift.data.copy_(values[f"stage{level}.descriptor"])
        fill(self.head, values, f"head.multiclass{self.head.out_features}", 0, transposed=False)
