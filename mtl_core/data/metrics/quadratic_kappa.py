"""Cohen's kappa with quadratic weights: agreement of ordered classes beyond chance."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.classes import predicted_and_true
from mtl_core.data.metrics.statistics.sums import mean_of, ratio
from mtl_core.data.task import Task


class QuadraticKappa(Metric):
    """Agreement of predicted with true classes beyond chance, where an error counts with its squared distance.

    κ = 1 − E[(a − b)²] / E[(a − b')²], with predicted class numbers a, true ones b, and b' of another example.  It is
    meant for classes in an order, which is that of their numbers.  A constant prediction has 0.  NaN where all labels
    are of one class.

    Source: J. Cohen, "Weighted kappa: nominal scale agreement with provision for scaled disagreement or partial
    credit", Psychological Bulletin 70, 1968.
    """

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the predicted and the true class of every example."""
        return predicted_and_true(task, outputs, targets)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the kappa of each set of examples."""
        a, b = (part.double() for part in kept.unbind(dim=-2))
        means = [mean_of(part, counted) for part in (a, b, a.square(), b.square(), (a - b).square())]
        by_chance = means[2] + means[3] - 2 * means[0] * means[1]
        known = means[3] - means[1].square() > 1e-12  # class numbers are whole: less is rounding
        return torch.where(known, 1 - ratio(means[4], by_chance), torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight."""
        a, b = kept.double()
        error = (a - b).square()
        # what an example adds to the disagreement by chance, as a prediction and as a label
        against = (
            a.square() + (b.square()).mean() - 2 * a * b.mean() + b.square() + a.square().mean() - 2 * b * a.mean()
        )
        chance = against.mean() / 2
        return error.mean() * (against - 2 * chance) / chance**2 - (error - error.mean()) / chance
