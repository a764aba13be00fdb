"""Log loss: cross entropy between labels and predicted probabilities."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.losses import example_losses
from mtl_core.data.metrics import MeanMetric
from mtl_core.data.task import Task


class LogLoss(MeanMetric):
    """Mean negative logarithm, in nats, of the probability that was predicted for the true class.

    Source: I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14, 1952.
    """

    kinds = ("binary", "multiclass")
    perfect = 0.0

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return every example's cross entropy."""
        return example_losses(task.kind, outputs, targets)
