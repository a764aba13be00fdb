"""A tree of layers with ordinary modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import fill, fill_heads, heads


class Plain(nn.Module):
    """For each stage a layer for every group of tasks.

    Args:
        tree: groups of positions of tasks, by stage.
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
        tree: Sequence[Sequence[Sequence[int]]],
    ) -> None:
        super().__init__()
        # the engine has banks of groups of one size, small ones first
        self.groups = [sorted(groups, key=lambda group: (len(group), min(group))) for groups in tree]
        self.layers = nn.ModuleList(
            nn.ModuleList(nn.Linear(width if level else inputs, width) for _ in groups)
            for level, groups in enumerate(self.groups)
        )
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task, head in enumerate(self.heads):
            h = x
            for layers, groups in zip(self.layers, self.groups, strict=True):
                home = next(place for place, group in enumerate(groups) if task in group)
                h = torch.relu(layers[home](h))
            outputs.append(head(h))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layers in enumerate(self.layers):
            for place, layer in enumerate(layers):
                fill(layer, values, f"stage{level}", place)
        fill_heads(self.heads, values)
