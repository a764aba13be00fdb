"""Sluice networks with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import fill, fill_heads, heads, unrolled


class Plain(nn.Module):
    """Layers, mixing matrices over sub-spaces, mixtures of layers and heads."""

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int,
        subspaces: int,
        orthogonality: float,
    ) -> None:
        super().__init__()
        self.depth, self.subspaces, self.orthogonality = depth, subspaces, orthogonality
        self.layers = nn.ModuleList(
            nn.ModuleList(nn.Linear(width if level else inputs, width) for _ in range(tasks)) for level in range(stages)
        )
        # [task, sub-space, task, sub-space]
        self.stitches = nn.ParameterList(torch.zeros(tasks, subspaces, tasks, subspaces) for _ in range(depth))
        self.mixtures = nn.Parameter(torch.zeros(tasks, depth))
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        tasks, signals = range(len(self.heads)), [x for _ in self.heads]
        outputs: list[list[Tensor]] = []
        for level, layers in enumerate(self.layers):
            if level == self.depth:
                signals = self.mixed(outputs)
            signals = [torch.relu(layer(h)) for layer, h in zip(layers, signals, strict=True)]
            if level < self.depth:
                parts, a = [h.chunk(self.subspaces, dim=1) for h in signals], self.stitches[level]
                signals = [torch.cat([self.row(a[i, p], parts) for p in range(self.subspaces)], dim=1) for i in tasks]
                outputs.append(signals)
        if self.depth == len(self.layers):
            signals = self.mixed(outputs)
        return [head(h) for head, h in zip(self.heads, signals, strict=True)]

    def row(self, weights: Tensor, parts: list[tuple[Tensor, ...]]) -> Tensor:
        """One sub-space of one task."""
        return sum(weights[j, q] * parts[j][q] for j in range(len(parts)) for q in range(self.subspaces))

    def mixed(self, outputs: list[list[Tensor]]) -> list[Tensor]:
        """The mixture of stages of each task."""
        return [
            sum(self.mixtures[i, level] * outputs[level][i] for level in range(self.depth))
            for i in range(len(self.heads))
        ]

    def penalty(self) -> Tensor:
        """What keeps the sub-spaces' weights orthogonal."""
        total = torch.zeros(())
        for layers in self.layers[: self.depth]:
            for layer in layers:
                for one, other in combinations(layer.weight.chunk(self.subspaces, dim=0), 2):
                    total = total + (one @ other.T).square().sum()
        return self.orthogonality * total

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layers in enumerate(self.layers):
            for task, layer in enumerate(layers):
                fill(layer, values, f"stage{level}", task)
        for level, stitch in enumerate(self.stitches):
            by_task = unrolled(values[f"stitch{level}.weight"].transpose(1, 2))
            stitch.data.copy_(by_task.transpose(1, 2))
        self.mixtures.data.copy_(values["mixture.weight"])
        fill_heads(self.heads, values)
