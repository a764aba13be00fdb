"""How much has to be judged before a verdict word may be given at all.

An interval cannot know what its sample does not hold.  Both limits are choices and no results: in simulations 95%
intervals covered 0.96 or more from one rare example on wherever the two arms differed on any, and skewed groups about
0.91 whether there were 6 or 20 of them.  Where they predict the same class for every judged example, a share of their
examples as large as three in the number of judged ones may still tell them apart, and the error is unknown, not zero.
"""

from __future__ import annotations

import math

MIN_POSITIVES = 10
"""Smallest number of judged examples outside a classification task's most frequent class."""
MIN_GROUPS = 10
"""Smallest number of groups of test examples; an example without a group is one of its own."""

TOO_FEW_POSITIVES, TOO_FEW_GROUPS = "too few positives", "too few groups"
SAME_PREDICTIONS = "same predictions"

REMEDIES = {
    TOO_FEW_POSITIVES: f"at least {MIN_POSITIVES} test examples outside its most frequent class",
    SAME_PREDICTIONS: "a metric that looks at scores instead of predicted classes, such as auroc",
    TOO_FEW_GROUPS: f"at least {MIN_GROUPS} groups of test examples of about one size",
}
"""What would make a verdict possible, by what is lacking."""


def shortage(rarer: float, groups: float, *, differ: bool = True) -> str:
    """Return what there is too little of for a verdict; empty where there is enough.

    Args:
        rarer: number of judged examples outside the task's most frequent class; NaN where there are no classes.
        groups: number of groups of judged test examples; groups of unequal size count as fewer.
        differ: whether any test example tells the two arms apart.
    """
    if math.isfinite(rarer) and rarer < MIN_POSITIVES:
        return TOO_FEW_POSITIVES
    if math.isfinite(rarer) and not differ:
        return SAME_PREDICTIONS
    return TOO_FEW_GROUPS if groups < MIN_GROUPS else ""
