"""Average precision: the area under the precision-recall curve, as a sum of steps."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.ranks import places
from mtl_core.data.metrics.statistics.sums import all_finite, ratio, sum_in_chunks
from mtl_core.data.task import Task


class AveragePrecision(Metric):
    """Mean, over positive examples (the second class), of the precision at their rank; equal scores share a rank.

    AP = (1 / P) Σ_{i positive} TP_i / n_i, with n_i examples scored at least as high as i, TP_i of them positive.
    A constant prediction has the share of positives.  NaN where no example is positive.

    Source: K. Boyd, K. H. Eng & C. D. Page, "Area under the precision-recall curve: point estimates and confidence
    intervals", ECML PKDD 2013 (the estimator); the influence is its derivative.
    """

    kinds = ("binary",)
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the logit and the class of every example."""
        return torch.stack([outputs.squeeze(2), targets.to(outputs.dtype)], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the average precision of each set of examples."""
        positive, precision, _ = _precisions(kept, counted)
        found = ratio(sum_in_chunks(positive * precision), positive.sum(dim=-1))
        return torch.where(all_finite(kept, counted), found, torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative of the average precision with respect to every example's weight.

        An example moves its own term, if it is positive, and the precision of every positive that it is ranked at least
        as high as: by (y − precision) / n_i, with its label y.
        """
        counted = torch.ones(kept.shape[-1], dtype=torch.bool)
        positive, precision, at_least = _precisions(kept, counted)
        order, _, up_to = places(kept[0], counted)
        share = positive.mean()
        average = (positive * precision).mean() / share
        gained, lost = (
            torch.cat([part.new_zeros(1), part[order].cumsum(dim=0)])[up_to]
            for part in (positive / at_least, positive * precision / at_least)
        )
        return (positive * (precision + gained - average) - lost) / share


def _precisions(
    kept: Float[Tensor, "*a 2 n"], counted: Bool[Tensor, "*a n"]
) -> tuple[Float[Tensor, "*a n"], Float[Tensor, "*a n"], Float[Tensor, "*a n"]]:
    """Whether examples are positive, the precision at their score, and how many are scored at least as high."""
    scores, classes = kept.unbind(dim=-2)
    order, below, _ = places(scores.nan_to_num(), counted)
    positive = (counted & (classes == 1)).double()
    before = positive.gather(-1, order).cumsum(dim=-1)
    before = torch.cat([torch.zeros_like(before[..., :1]), before], dim=-1).gather(-1, below)
    at_least = (counted.sum(dim=-1, keepdim=True) - below).double().clamp(min=1)
    return positive, (positive.sum(dim=-1, keepdim=True) - before) / at_least, at_least
