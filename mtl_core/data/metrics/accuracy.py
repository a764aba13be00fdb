"""Accuracy: the share of examples whose class is predicted."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.metrics.statistics.classes import of_best_class, predicted_class, totals_of_classes
from mtl_core.data.task import Task


class Accuracy(MeanMetric):
    """Share of the examples whose predicted class is the true one.

    The predicted class is the most probable one, of classes in an order the median.  The best constant prediction is
    the most frequent class.
    """

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *k"],
        for_loss: Float[Tensor, " k"],
        weights: Float[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " k"]:
        """Return outputs that predict the most frequent class."""
        return of_best_class(task, totals_of_classes(task, labels, weights), for_loss)

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return 1 for every example whose class is predicted, else 0."""
        return (predicted_class(task, outputs) == targets).to(outputs.dtype)
