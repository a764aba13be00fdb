"""Spearman's rank correlation."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.ranks import centred_midranks, places
from mtl_core.data.metrics.statistics.sums import all_finite, ratio, sum_in_chunks
from mtl_core.data.task import Task


class Spearman(Metric):
    """Correlation of the ranks of predictions and targets; equal ones share their mean rank.

    A constant prediction has 0.  NaN where all labels are equal.

    Source: C. Spearman, "The proof and measurement of association between two things", American Journal of Psychology
    15, 1904; C. Croux & C. Dehon, "Influence functions of the Spearman and Kendall correlation measures",
    Statistical Methods & Applications 19, 2010 (its influence, here with ties).
    """

    kinds = ("regression",)
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the prediction and the target of every example."""
        return torch.stack([outputs.squeeze(2), targets], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the correlation of each set of examples."""
        predicted, true = (centred_midranks(part.nan_to_num(), counted) for part in kept.unbind(dim=-2))
        products = [sum_in_chunks(one * other) for one, other in ((predicted, true), (predicted,) * 2, (true,) * 2)]
        found = ratio(products[0], torch.sqrt(products[1]) * torch.sqrt(products[2]), 0.0)
        return torch.where((products[2] > 0) & all_finite(kept, counted), found, torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return the derivative with respect to every example's weight; 0 where all predictions are equal.

        An example moves the moments of the ranks by its own ranks, and by lifting the ranks of all that lie above it.
        """
        counted, number = torch.ones(kept.shape[-1], dtype=torch.bool), kept.shape[-1]
        ranks = [centred_midranks(part, counted) / number for part in kept]
        variances = [rank.square().mean() for rank in ranks]
        if min(variances) <= 0:
            return torch.zeros_like(ranks[0])
        lifts = [[_mean_above(part, rank) for rank in ranks] for part in kept]
        covariance = (ranks[0] * ranks[1]).mean()
        moved = ranks[0] * ranks[1] + lifts[0][1] + lifts[1][0] - 3 * covariance
        widened = sum(
            (rank.square() + 2 * lifts[place][place]) / variance - 3
            for place, (rank, variance) in enumerate(zip(ranks, variances, strict=True))
        )
        scale = torch.sqrt(variances[0] * variances[1])
        return (moved - covariance * widened / 2) / scale


def _mean_above(values: Float[Tensor, " n"], weights: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """For every value the sum of the weights of larger values, and of half of equal ones, over n."""
    order, below, up_to = places(values, torch.ones_like(values, dtype=torch.bool))
    sums = torch.cat([weights.new_zeros(1), weights[order].cumsum(dim=0)])
    return (sums[-1] - (sums[below] + sums[up_to]) / 2) / len(values)
