"""Area under the ROC curve: how often a positive example is ranked above a negative one."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import Metric
from mtl_core.data.metrics.statistics.ranks import places
from mtl_core.data.metrics.statistics.sums import all_finite, ratio, sum_in_chunks
from mtl_core.data.task import Task


class Auroc(Metric):
    """Probability that a positive example (the second class) is ranked above a negative one; ties count one half.

    AUROC = (1 / P N) Σ_{i positive} Σ_{j negative} ψ(z_i, z_j), with ψ = 1, ½ or 0 for z_i above, at or below z_j.
    A constant prediction has ½.  NaN where a class has no label.

    The influence of an example is how far its placement lies from the AUROC: the share of the other class that it is
    ranked right against.  It is scaled so that the variance is DeLong's with divisors P − 1 and N − 1.

    Source: E. R. DeLong, D. M. DeLong & D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
    receiver operating characteristic curves: a nonparametric approach", Biometrics 44, 1988.
    """

    kinds = ("binary",)
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the logit and the class of every example."""
        return torch.stack([outputs.squeeze(2), targets.to(outputs.dtype)], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the area of each set of examples."""
        scores, classes = kept.unbind(dim=-2)
        _, below, up_to = places(scores.nan_to_num(), counted)
        positive = counted & (classes == 1)
        number = positive.sum(dim=-1).double()
        against_all = sum_in_chunks(torch.where(positive, (below + up_to).double() / 2, 0.0))
        right = against_all - number**2 / 2  # positives against positives, each against itself among them
        area = ratio(right, number * (counted.sum(dim=-1) - number))
        return torch.where(all_finite(kept, counted), area, torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return DeLong's placements less the area, scaled to the number of examples."""
        scores, positive = kept[0].double().contiguous(), kept[1] == 1
        found, number = torch.full_like(scores, torch.nan), len(scores)
        for own, sign in ((positive, 1), (~positive, -1)):
            others = scores[~own].sort().values
            below, up_to = (torch.searchsorted(others, scores[own], right=right) for right in (False, True))
            placements = (below + up_to).double() / (2 * len(others))
            count = int(own.sum())
            scale = math.sqrt(number * (number - 1) / (count * max(count - 1, 1))) if count else torch.nan
            found[own] = sign * (placements - placements.mean()) * scale
        return found
