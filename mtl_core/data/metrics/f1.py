"""The F1 score: harmonic mean of precision and recall."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.classes import (
    confusion,
    of_best_class,
    one_hot,
    predicted_and_true,
    totals_of_classes,
)
from mtl_core.data.metrics.statistics.sums import ratio
from mtl_core.data.task import Task


class F1(Metric):
    """F1 of the second class of two; with more classes the mean over those that have labels (macro).

    F1 = 2 TP / (2 TP + FP + FN).  The best constant prediction of two classes is the second one always, of more the
    most frequent.  NaN where no class that counts has a label.

    Source: C. J. van Rijsbergen, "Information retrieval", 1979; the influence is the derivative of the ratio.
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
        """Return outputs for the second class of two, or for the most frequent of several."""
        if task.kind == "binary":
            return torch.ones_like(for_loss)
        return of_best_class(task, totals_of_classes(task, labels, weights), for_loss)

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the predicted and the true class of every example."""
        return predicted_and_true(task, outputs, targets)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the F1 of each set of examples."""
        table = confusion(task, kept, counted)
        both, predicted, true = (
            part[..., _first(task) :]
            for part in (table.diagonal(dim1=-2, dim2=-1), table.sum(dim=-1), table.sum(dim=-2))
        )
        each = ratio(2 * both, predicted + true)
        return torch.where(true > 0, each, torch.nan).nanmean(dim=-1).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative of F1 with respect to every example's weight."""
        predicted, true = (one_hot(part, task.num_classes)[:, _first(task) :] for part in kept)
        present = true.sum(dim=0) > 0
        both, either = 2 * (predicted * true)[:, present], (predicted + true)[:, present]
        size = either.mean(dim=0)
        return ((both - either * both.mean(dim=0) / size) / size).mean(dim=1)


def _first(task: Task) -> int:
    """The first class that counts: of two classes the second alone."""
    return 1 if task.kind == "binary" else 0
