"""A trunk with a low-rank correction for each task, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, linears


class Plain(nn.Module):
    """A trunk, corrections of its layers, towers and heads."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int,
        rank: int = 4, own_biases: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.depth = depth
        self.trunk = chain(inputs, width, depth)
        sizes = [(inputs if level == 0 else width, width) for level in range(depth)]
        ranks = [min(rank, *size) for size in sizes]
        self.down = nn.ParameterList(torch.zeros(tasks, i, q) for (i, _), q in zip(sizes, ranks, strict=True))
        self.up = nn.ParameterList(torch.zeros(tasks, q, o) for (_, o), q in zip(sizes, ranks, strict=True))
        self.biases = nn.ParameterList(torch.zeros(tasks, o) for _, o in (sizes if own_biases else []))
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(width, classes) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task, (tower, head) in enumerate(zip(self.towers, self.heads, strict=True)):
            h = x
            for level, layer in enumerate(linears(self.trunk)):
                weight = layer.weight.T + self.down[level][task] @ self.up[level][task]
                h = torch.relu(h @ weight + layer.bias + (self.biases[level][task] if len(self.biases) else 0))
            outputs.append(head(tower(h)))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
            self.down[level].data.copy_(values[f"stage{level}.down"])
            self.up[level].data.copy_(values[f"stage{level}.up"])
        for level, bias in enumerate(self.biases):
            bias.data.copy_(values[f"stage{level}.own_bias"])
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for task, head in enumerate(self.heads):
            fill(head, values, f"head.multiclass{head.out_features}", task, transposed=False)
