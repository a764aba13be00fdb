"""A network for every task, drawn towards each other, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """Networks and heads."""

    def __init__(self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.networks = nn.ModuleList(chain(inputs, width, stages) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [head(network(x)) for network, head in zip(self.networks, self.heads, strict=True)]

    @torch.no_grad()
    def couple(self, coupling: float, rate: float) -> None:
        """The proximal step after an optimiser's step at learning rate ``rate``."""
        tasks = len(self.networks)
        for same_place in zip(*(linears(network)[: self.depth] for network in self.networks), strict=True):
            for name in ("weight", "bias"):
                parameters = [getattr(layer, name) for layer in same_place]
                mean = sum(parameter.data.clone() for parameter in parameters) / tasks
                for parameter in parameters:
                    parameter.copy_(mean + (parameter - mean) / (1 + 2 * rate * coupling * tasks))

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for task, network in enumerate(self.networks):
            for level, layer in enumerate(linears(network)):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
