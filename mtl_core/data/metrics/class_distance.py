"""Mean distance between the predicted and the true class, in classes."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.metrics import MeanMetric
from mtl_core.data.metrics.statistics.classes import of_best_class, predicted_class, totals_of_classes
from mtl_core.data.task import Task


class ClassDistance(MeanMetric):
    """Mean number of classes by which a prediction misses the true one, for classes in an order.

    The best constant prediction is the median class.  It is a mean over examples, so that few rare classes, and weights
    of examples, leave it defined, as they do not always leave ``quadratic_kappa``.

    Source: S. Baccianella, A. Esuli & F. Sebastiani, "Evaluation measures for ordinal regression", ISDA 2009.
    """

    kinds = ("ordinal",)
    perfect = 0.0

    def constant(
        self,
        task: Task,
        labels: Float[Tensor, " n *k"],
        for_loss: Float[Tensor, " k"],
        weights: Float[Tensor, " n"] | None = None,
    ) -> Float[Tensor, " k"]:
        """Return outputs that predict the median class."""
        totals = totals_of_classes(task, labels, weights)
        numbers = torch.arange(task.num_classes, device=totals.device).double()
        return of_best_class(task, -(numbers[:, None] - numbers).abs() @ totals, for_loss)

    def scores(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g b"]:
        """Return by how many classes every prediction misses."""
        return (predicted_class(task, outputs) - targets).abs()
