"""How much has to be judged before a verdict word may be given at all.

An interval cannot know what its sample does not hold.  Both limits are choices and no results: in simulations 95%
intervals covered 0.96 or more from one rare example on wherever the two arms differed on any, and skewed groups about
0.91 whether there were 6 or 20 of them.  Where they predict the same class for every judged example, a share of their
examples as large as three in the number of judged ones may still tell them apart, and the error is unknown, not zero.
"""

from __future__ import annotations

import math

import pandas as pd

from analysis.records.schema import Records
from analysis.statistics.strata import fold_of

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


def rarer_examples(records: Records) -> dict[str, float]:
    """Return the number by task, over all outer folds; tasks without it, such as regressions, are not there."""
    if "num_rarer" not in records.scores:
        return {}
    seeds = records.replicas[["replica", "task", "seed"]].drop_duplicates(["replica", "task"])
    rows = records.scores[["replica", "task", "num_rarer"]].dropna().merge(seeds, on=["replica", "task"])
    of_fold = rows.groupby(["task", fold_of(rows["seed"], records.num_folds)])["num_rarer"].max()
    return {str(task): float(number) for task, number in of_fold.groupby("task").sum().items()}


def uncounted_tasks(records: Records) -> frozenset[str]:
    """Return the tasks with too few positives, which do not count in means over tasks; none where all have too few.

    Their skill divides by next to nothing: one positive among hundreds of rows would decide the mean of all tasks.
    """
    few = {task for task, number in rarer_examples(records).items() if number < MIN_POSITIVES}
    return frozenset(few if few < set(records.tasks["task"]) else ())


def counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, of one task each with its ``shortage``, that count in a mean over tasks; all where none does."""
    kept = rows[rows["shortage"].ne(TOO_FEW_POSITIVES)] if "shortage" in rows else rows
    return kept if len(kept) else rows
