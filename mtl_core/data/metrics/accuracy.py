"""Accuracy: the share of examples whose class is predicted."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.metrics.statistics.classes import predicted_class
from mtl_core.data.task import Task


class Accuracy(MeanMetric):
    """Share of the examples whose most probable class is the true one."""

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return 1 for every example whose class is predicted, else 0."""
        return (predicted_class(task, outputs) == targets).to(outputs.dtype)
