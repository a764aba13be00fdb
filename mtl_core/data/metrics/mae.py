"""Mean absolute error."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.numeric_errors import errors, mean_of_vector
from mtl_core.data.task import Task


class Mae(MeanMetric):
    """Mean absolute error; its best constant prediction is the median."""

    kinds = ("regression",)
    perfect = 0.0
    judges_vectors = True

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *k"],
        for_loss: Float[Tensor, " k"],
        weights: Float[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " k"]:
        """Return the median of the labels: the first with half of the weight at or below it."""
        if not len(labels):
            return for_loss
        if weights is None:
            return labels.median(dim=0).values.view(-1)
        rows = labels.view(len(labels), -1)
        ordered, places = rows.sort(dim=0)
        below = weights.double()[places].cumsum(dim=0)
        return ordered.gather(0, (below < below[-1:] / 2).sum(dim=0, keepdim=True))[0]

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
    ) -> Float[Tensor, "r g b"]:
        """Return every example's absolute error, of a vector the mean over its numbers."""
        return mean_of_vector(errors(outputs, targets).abs())
