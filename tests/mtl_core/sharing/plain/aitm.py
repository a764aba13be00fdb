"""Adaptive information transfer with ordinary modules."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tests.mtl_core.sharing.plain.modules import chain, fill, heads, linears


class Transfer(nn.Module):
    """What the task before hands on, and the attention to it and to the task's own features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.info = nn.Linear(width, width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))

    def forward(self, own: Tensor, before: Tensor) -> Tensor:
        sources = [own, torch.relu(self.info(before))]
        scores = [(self.query(u) * self.key(u)).sum(dim=1) / own.shape[1] ** 0.5 for u in sources]
        weights = torch.softmax(torch.stack(scores), dim=0)
        return sum(w[:, None] * self.value(u) for w, u in zip(weights, sources, strict=True))


class Plain(nn.Module):
    """A trunk, a tower and a head for each task, and transfers between tasks that follow each other.

    Args:
        order: places of the tasks in the funnel, first things first.
        calibration: strength of the penalty.
    """

    def __init__(
        self,
        tasks: int,
        inputs: int,
        classes: int,
        stages: int,
        width: int,
        depth: int,
        order: Sequence[int],
        calibration: float = 0.6,
    ) -> None:
        super().__init__()
        self.depth, self.order, self.calibration = depth, order, calibration
        self.trunk = chain(inputs, width, depth)
        self.towers = nn.ModuleList(chain(width, width, stages - depth) for _ in range(tasks))
        self.transfers = nn.ModuleList(Transfer(width) for _ in order[1:])
        self.heads = heads(tasks, width, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        h = self.trunk(x)
        features = {self.order[0]: self.towers[self.order[0]](h)}
        for number, place in enumerate(self.order[1:]):
            features[place] = self.transfers[number](self.towers[place](h), features[self.order[number]])
        self.logits = [head(features[task]) for task, head in enumerate(self.heads)]
        return self.logits

    def penalty(self) -> Tensor:
        """How much more probable a later task is than the one before, on average."""
        probable = [self.logits[place].sigmoid() for place in self.order]
        pairs = itertools.pairwise(probable)
        return self.calibration * torch.stack([(later - one).clamp(min=0).mean() for one, later in pairs]).sum()

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Take over one row of the engine: slot name → ``[c, *shape]``."""
        for level, layer in enumerate(linears(self.trunk)):
            fill(layer, values, f"stage{level}", 0)
        for task, tower in enumerate(self.towers):
            for level, layer in enumerate(linears(tower), self.depth):
                fill(layer, values, f"stage{level}", task)
        for number, transfer in enumerate(self.transfers):
            fill(transfer.info, values, "transfer.handed_on", number)
            for name in ("query", "key", "value"):
                getattr(transfer, name).weight.data.copy_(values[f"transfer.{name}.weight"][number].T)
        for task, head in enumerate(self.heads):
            fill(head, values, "head.binary1", task, transposed=False)
