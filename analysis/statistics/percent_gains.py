"""Changes of a metric in percent of the baseline, and their mean over tasks, the Δm of papers on multi-task learning.

Source: K.-K. Maninis, I. Radosavovic, I. Kokkinos, *Attentive single-tasking of multiple tasks*, CVPR 2019.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.importance import mean_of
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK


def percent_gain(rows: pd.DataFrame) -> float:
    """Return the metric's change in percent of the baseline; NaN where that is within noise of 0.

    It is negative for a metric that should be small only if the arm is worse: the sign follows the gain.

    Args:
        rows: one comparison of one task, a row per seed: ``gain, metric, baseline_metric``.
    """
    base = rows["baseline_metric"]
    if base.isna().any() or len(base) < 2 or abs(base.mean()) <= 2 * base.std() / np.sqrt(len(base)):
        return np.nan
    size = 100 * abs(rows["metric"].mean() - base.mean()) / abs(base.mean())
    return float(np.copysign(size, rows["gain"].mean()))


def with_delta_m(rows: pd.DataFrame) -> pd.DataFrame:
    """Fill ``percent_gain`` of the means with the mean of the tasks' own, if none of them had to be left out.

    Args:
        rows: a row per comparison and task, or mean over tasks: ``arm, baseline, scope, task, percent_gain``.
    """
    for _, group in rows.groupby(["arm", "baseline"], sort=False):
        tasks = group[group["scope"] == TASK]
        rows.loc[group.index[group["scope"] == MEAN], "percent_gain"] = mean_of(tasks, "percent_gain")
        equal = tasks["percent_gain"].mean(skipna=False)
        rows.loc[group.index[group["scope"] == EQUAL_MEAN], "percent_gain"] = equal
    return rows
