"""What the steps of an epoch add up."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.gradients.step_gradient import Direction


@dataclass(frozen=True)
class EpochSums:
    """Sums over the steps of an epoch so far, of t tasks of r replicas, in memory that every epoch uses again.

    Args:
        weights: of the tasks' weights.
        losses: of their losses.
        counts: of the steps that they took part in.
    """

    weights: Float[Tensor, "r t"]
    losses: Float[Tensor, "r t"]
    counts: Float[Tensor, "r t"]

    @classmethod
    def zeros(cls, replicas: int, tasks: int, device: torch.device) -> EpochSums:
        """Return sums over no step."""
        weights, losses, counts = torch.zeros(3, replicas, tasks, device=device)
        return cls(weights, losses, counts)

    def begin(self) -> None:
        """Set all sums to zero."""
        for one in (self.weights, self.losses, self.counts):
            one.zero_()

    def add(self, direction: Direction) -> None:
        """Add what a step found."""
        self.weights.add_(direction.weights)
        self.losses.add_(direction.losses)
        self.counts.add_(direction.present)

    def mean_losses(self) -> Float[Tensor, "r t"]:
        """Return each task's mean loss over the steps that it took part in; 0: it took part in none."""
        return self.losses / self.counts.clamp(min=1)
