"""Area under the ROC curve: how often an example of a class is ranked above one of another class."""

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
    """Share of pairs in which the second class is ranked higher; of more classes the mean of one against the rest.

    AUROC = (1 / P N) Σ_{i positive} Σ_{j negative} ψ(z_i, z_j), with ψ = 1, ½ or 0 for z_i above, at or below z_j.  A
    constant prediction has ½.  NaN where a class has no label.  Of several classes each is the positive one in its
    turn, ranked by its probability, and the mean is over those that have labels (macro, one against the rest); NaN with
    labels of fewer than two.

    The influence of an example is how far its placement lies from the AUROC: the share of the other class that it is
    ranked right against.  It is scaled so that the variance is DeLong's with divisors P − 1 and N − 1.  Influences on
    the mean over classes are the means of those on each.

    Source: E. R. DeLong, D. M. DeLong & D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
    receiver operating characteristic curves: a nonparametric approach", Biometrics 44, 1988; F. Provost & P. Domingos,
    "Tree induction for probability-based ranking", Machine Learning 52, 2003 (their mean weighs classes by frequency).
    """

    kinds = ("binary", "multiclass")
    perfect = 1.0

    def keep(
        self, task: Task, outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g b"]
    ) -> Float[Tensor, "r g s b"]:
        """Return the logit, or the logarithms of all classes' probabilities, and the class of every example."""
        scores = outputs if task.kind == "binary" else outputs.log_softmax(dim=2)
        return torch.cat([scores, targets.unsqueeze(2).to(outputs.dtype)], dim=2)

    def value(self, task: Task, kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
        """Return the area of each set of examples, or the mean over the classes."""
        *scores, classes = kept.unbind(dim=-2)
        areas = torch.stack(
            [_area(one, counted & (classes == code), counted) for one, code in zip(scores, _codes(task), strict=True)]
        )
        return torch.where(all_finite(kept, counted), areas.nanmean(dim=0), torch.nan).to(kept)

    def influence(self, task: Task, kept: Float[Tensor, "s n"]) -> Float[Tensor, " n"]:
        """Return DeLong's placements less the area, scaled to the number of examples; means over the classes."""
        *scores, classes = kept
        positives = [classes == code for code in _codes(task)]
        defined = [place for place, own in enumerate(positives) if 0 < int(own.sum()) < len(own)]
        if not defined:
            return torch.full_like(classes, torch.nan, dtype=torch.float64)
        return torch.stack([_placements(scores[place], positives[place]) for place in defined]).mean(dim=0)


def _codes(task: Task) -> range:
    """The classes that are the positive one in their turn: of two the second alone."""
    return range(1, 2) if task.kind == "binary" else range(task.num_classes)


def _area(
    scores: Float[Tensor, "*a n"], positive: Bool[Tensor, "*a n"], counted: Bool[Tensor, "*a n"]
) -> Float[Tensor, "*a"]:
    """The area of each set for one positive class; NaN where it or the rest has no label."""
    _, below, up_to = places(scores.nan_to_num(), counted)
    number = positive.sum(dim=-1).double()
    against_all = sum_in_chunks(torch.where(positive, (below + up_to).double() / 2, 0.0))
    right = against_all - number**2 / 2  # positives against positives, each against itself among them
    return ratio(right, number * (counted.sum(dim=-1) - number))


def _placements(scores: Float[Tensor, " n"], positive: Bool[Tensor, " n"]) -> Float[Tensor, " n"]:
    scores = scores.double().contiguous()
    found, number = torch.full_like(scores, torch.nan), len(scores)
    for own, sign in ((positive, 1), (~positive, -1)):
        others = scores[~own].sort().values
        below, up_to = (torch.searchsorted(others, scores[own], right=right) for right in (False, True))
        placements = (below + up_to).double() / (2 * len(others))
        count = int(own.sum())
        scale = math.sqrt(number * (number - 1) / (count * max(count - 1, 1))) if count else torch.nan
        found[own] = sign * (placements - placements.mean()) * scale
    return found
