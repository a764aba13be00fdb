"""A trunk with corrections that tasks compose of shared factors, with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, fill_heads, heads, linears


class Plain(nn.Module):
    """A trunk, shared factors, each task's turns and mixtures, towers and heads."""

    def __init__(
        self, tasks: int, inputs: int, classes: int, stages: int, width: int, depth: int,
        rank: int = 4, ups: int = 3, temperature: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.depth, self.temperature = depth, temperature
        self.trunk = chain(inputs, width, depth)
        sizes = [(inputs if level == 0 else width, width) for level in range(depth)]
        ranks = [min(rank, *size) for size in sizes]
        self.down = nn.ParameterList(torch.zeros(i, q) for (i, _), q in zip(sizes, ranks, strict=True))
        self.turn = nn.ParameterList(torch.zeros(tasks, q, q) for q in ranks)
        self.up = nn.ParameterList(torch.zeros(ups, q, o) for (_, o), q in zip(sizes, ranks, strict=True))
        self.mixing = nn.ParameterList(torch.zeros(tasks, ups) for _ in sizes)
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task, (tower, head) in enumerate(zip(self.towers, self.heads, strict=True)):
            h = x
            for level, layer in enumerate(linears(self.trunk)):
                shares = torch.softmax(self.mixing[level][task] / self.temperature, dim=0)
                up = sum(share * one for share, one in zip(shares, self.up[level], strict=True))
                correction = h @ self.down[level] @ self.turn[level][task] @ up
                h = torch.relu(layer(h) + correction)
            outputs.append(head(tower(h)))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
            self.down[level].data.copy_(values[f"stage{level}.down"][0])
            for part in ("turn", "up", "mixing"):
                getattr(self, part)[level].data.copy_(values[f"stage{level}.{part}"])
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        fill_heads(self.heads, values)
