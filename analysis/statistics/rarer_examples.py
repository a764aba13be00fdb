"""How many judged examples of a classification task lie outside its most frequent class, whatever its metric is."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.records.schema import Records
from analysis.statistics.paired_gains import TASK
from analysis.statistics.strata import fold_of


def rarer_examples(records: Records) -> dict[str, float]:
    """Return the number by task, over all outer folds; tasks without it, such as regressions, are not there."""
    if "num_rarer" not in records.scores:
        return {}
    seeds = records.replicas[["replica", "task", "seed"]].drop_duplicates(["replica", "task"])
    rows = records.scores[["replica", "task", "num_rarer"]].dropna().merge(seeds, on=["replica", "task"])
    of_fold = rows.groupby(["task", fold_of(rows["seed"], records.num_folds)])["num_rarer"].max()
    return {str(task): float(number) for task, number in of_fold.groupby("task").sum().items()}


def with_rarer_examples(gains: pd.DataFrame, counts: dict[str, float]) -> pd.DataFrame:
    """Fill ``rarer`` of the tasks whose metric does not say how many there are, where the two arms differ at all.

    Args:
        gains: rows of :func:`analysis.statistics.paired_gains.differences`.
        counts: of :func:`rarer_examples`.
    """
    differ = (gains["scope"] == TASK) & (gains["test_variance"] > 0) & np.isfinite(gains["gain"])
    return gains.assign(rarer=gains["rarer"].where(~differ | gains["rarer"].notna(), gains["task"].map(counts)))
