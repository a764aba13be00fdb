"""Scores of the stages by how often the tasks' gradients conflict in them."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.layers.bank import SHARED, Slot, Theta


class ConflictScores:
    """One score for each stage and row: how many pairs of tasks conflicted in it, summed over the times of looking.

    Args:
        stages: number of stages, L.
        threshold: cosine of two tasks' gradients below which they conflict.
    """

    def __init__(self, stages: int, threshold: float) -> None:
        self.threshold = threshold
        self.scores = Slot("conflict.scores", (SHARED,), (stages,), lambda _: torch.zeros(stages), trained=False)
        self.slots = (self.scores,)

    def add(self, theta: Theta, stage: int, cosines: Float[Tensor, "r t t"], rows: Bool[Tensor, " r"]) -> None:
        """Add the pairs that conflict in a stage, in place, in some of the rows; NaN is no conflict."""
        pairs = (cosines < self.threshold).triu(diagonal=1).sum(dim=(1, 2))
        theta[self.scores][:, 0, stage] += torch.where(rows, pairs, 0)

    def highest(self, theta: Theta, number: int) -> Bool[Tensor, "r l"]:
        """Return which ``number`` stages score highest in each row; of equal ones the later."""
        scores = theta[self.scores].squeeze(1)
        one, other = scores.unsqueeze(2), scores.unsqueeze(1)
        later = torch.ones(scores.shape[1], scores.shape[1], dtype=torch.bool, device=scores.device).triu(diagonal=1)
        ahead = (other > one) | ((other == one) & later)
        return ahead.sum(dim=2) < number
