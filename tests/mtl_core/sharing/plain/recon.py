"""A network some of whose stages are private, with ordinary modules."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import fill, fill_heads, heads


class Plain(nn.Module):
    """Every stage as one shared layer or one layer for each task, whichever ``private_stages`` says.

    Args:
        private_stages: positions of the private stages; in a search every stage has layers of both kinds.
        searched: whether the engine's network holds both kinds.
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
        private_stages: Collection[int],
        searched: bool = True,
    ) -> None:
        super().__init__()
        self.private_stages, self.searched = private_stages, searched
        sizes = [(width if level else inputs, width) for level in range(stages)]
        self.shared = nn.ModuleList(nn.Linear(*size) for size in sizes)
        self.private = nn.ModuleList(nn.ModuleList(nn.Linear(*size) for _ in range(tasks)) for size in sizes)
        self.heads = heads(tasks, width, classes)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for task, head in enumerate(self.heads):
            h = x
            for level, (shared, private) in enumerate(zip(self.shared, self.private, strict=True)):
                h = torch.relu(private[task](h) if level in self.private_stages else shared(h))
            outputs.append(head(h))
        return outputs

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, (shared, private) in enumerate(zip(self.shared, self.private, strict=True)):
            apart = level in self.private_stages
            if self.searched or not apart:
                fill(shared, values, f"stage{level}", 0)
            if self.searched or apart:
                for task, layer in enumerate(private):
                    fill(layer, values, f"stage{level}", task + self.searched)
        fill_heads(self.heads, values)
