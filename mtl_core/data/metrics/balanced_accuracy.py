"""Balanced accuracy: the mean of the classes' recalls."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.classes import confusion, one_hot, predicted_and_true
from mtl_core.data.metrics.statistics.sums import ratio
from mtl_core.data.task import Task


class BalancedAccuracy(Metric):
    """Mean, over the classes that have labels, of the share of their examples that are recognised.

    A constant prediction has 1 / k with k classes.  NaN where fewer than two classes have labels.

    Source: K. H. Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.
    """

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the predicted and the true class of every example."""
        return predicted_and_true(task, outputs, targets)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the balanced accuracy of each set of examples."""
        table = confusion(task, kept, counted)
        recalls = ratio(table.diagonal(dim1=-2, dim2=-1), table.sum(dim=-2))
        known = (~recalls.isnan()).sum(dim=-1)
        return torch.where(known > 1, recalls.nanmean(dim=-1), torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight: that of its own class's recall."""
        true = one_hot(kept[1], task.num_classes)
        right, sizes = (kept[0] == kept[1]).double(), true.sum(dim=0)
        recalls = ratio(true.T @ right, sizes)
        return (
            true
            @ ratio(torch.full_like(sizes, len(right)), sizes, 0.0)
            * (right - true @ recalls.nan_to_num(0.0))
            / (sizes > 0).sum()
        )
