"""Matthews' correlation coefficient between predicted and true classes."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.classes import confusion, one_hot, predicted_and_true
from mtl_core.data.metrics.statistics.sums import ratio
from mtl_core.data.task import Task


class Mcc(Metric):
    """Correlation of predicted and true classes, for two classes or several.

    MCC = (c − Σ_k p_k t_k) / √((1 − Σ_k p_k²) (1 − Σ_k t_k²)), with the share c of examples that are right and the
    shares p_k and t_k that are predicted to be, and are, of class k.  A constant prediction has 0.  NaN where all
    labels are of one class.

    Source: J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", Computational
    Biology and Chemistry 28, 2004; B. W. Matthews, Biochimica et Biophysica Acta 405, 1975.
    """

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the predicted and the true class of every example."""
        return predicted_and_true(task, outputs, targets)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the coefficient of each set of examples."""
        table, number = confusion(task, kept, counted), counted.sum(dim=-1).double()
        predicted, true = table.sum(dim=-1), table.sum(dim=-2)
        covariance = table.diagonal(dim1=-2, dim2=-1).sum(dim=-1) * number - (predicted * true).sum(dim=-1)
        spreads = [number**2 - part.square().sum(dim=-1) for part in (predicted, true)]
        found = ratio(covariance, torch.sqrt(spreads[0] * spreads[1]), 0.0)
        return torch.where(spreads[1] > 0, found, torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight; 0 for predictions of one class alone."""
        predicted, true = (one_hot(part, task.num_classes) for part in kept)
        p, t, right = predicted.mean(dim=0), true.mean(dim=0), (predicted * true).sum(dim=1)
        by_chance, spreads = p @ t, (1 - p @ p, 1 - t @ t)
        scale = torch.sqrt(spreads[0] * spreads[1])
        if scale <= 0:
            return torch.zeros_like(right)
        moved = right - predicted @ t - true @ p - (right.mean() - 2 * by_chance)
        widened = (p @ p - predicted @ p) / spreads[0] + (t @ t - true @ t) / spreads[1]
        return (moved - (right.mean() - by_chance) * widened) / scale
