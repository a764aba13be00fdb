"""Learning to branch with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import fill, fill_heads, heads, unrolled


class Plain(nn.Module):
    """Nodes, logits of their parents, and heads; noise is left to the test.

    Args:
        temperature: of the softmax, in training; in evaluation every child has one parent.
    """

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int | None = None,
        *,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.nodes = nn.ModuleList(
            nn.ModuleList(nn.Linear(width if level else inputs, width) for _ in range(tasks)) for level in range(stages)
        )
        self.logits = nn.ParameterList(torch.zeros(tasks, tasks) for _ in range(stages))
        self.chosen = [torch.zeros(tasks, tasks) for _ in range(stages)]
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        signals = [x for _ in self.heads]
        for level, nodes in enumerate(self.nodes):
            outputs = [torch.relu(node(h)) for node, h in zip(nodes, signals, strict=True)]
            if self.training:
                weights = torch.softmax(self.logits[level] / self.temperature, dim=1)
                signals = [sum(w * h for w, h in zip(row, outputs, strict=True)) for row in weights]
            else:
                signals = [outputs[int(row.argmax())] for row in self.chosen[level]]
        return [head(h) for head, h in zip(self.heads, signals, strict=True)]

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, nodes in enumerate(self.nodes):
            for task, node in enumerate(nodes):
                fill(node, values, f"stage{level}", task)
            self.logits[level].data.copy_(unrolled(values[f"branching{level}.logits"]))
            self.chosen[level] = unrolled(values[f"branching{level}.chosen"])
        fill_heads(self.heads, values)
