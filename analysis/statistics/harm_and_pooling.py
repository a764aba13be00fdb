"""Columns of the transfer table that concern all tasks of an arm: partly pooled gains, and what is lost at worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.statistics.evidence import counted
from analysis.statistics.families import harm_to_tasks, pooled_over_tasks
from analysis.statistics.paired_gains import MEAN, TASK

COLUMNS = (
    "pooled_gain",
    "pooled_low",
    "pooled_high",
    "most_lost",
    "most_lost_by",
    "some_hurt",
    "some_hurt_probability",
)


def with_harm_and_pooling(rows: pd.DataFrame, comparisons: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add partly pooled gains to tasks' rows, and the worst harm to the rows of the means, against ``each``.

    Args:
        rows: one per comparison, with ``arm, baseline, scope, task, band, level_divisor, shortage``; tasks with too few
            positives are left out.
        comparisons: in the same order, the rows of :func:`analysis.statistics.paired_gains.differences`.

    Returns:
        The rows with ``pooled_gain, pooled_low, pooled_high`` and, for means, ``most_lost`` (no task loses more points,
        with 95% confidence), ``most_lost_by`` (the task), ``some_hurt`` (whether harm beyond the band is shown) and
        ``some_hurt_probability``.  NaN where it is not known.
    """
    found = rows.assign(**dict.fromkeys(COLUMNS, np.nan)).astype({"most_lost_by": object, "some_hurt": object})
    for _, arm in rows[rows["baseline"] == "each"].groupby("arm", sort=False):
        judged = counted(arm[arm["scope"] == TASK]).index
        places = [place for place in judged if comparisons[place]["gain"].notna().any()]
        tasks = [comparisons[place] for place in places]
        level_divisor, band = int(arm["level_divisor"].iloc[0]), float(arm["band"].iloc[0])
        pooled, harm = pooled_over_tasks(tasks, level_divisor), harm_to_tasks(tasks, band, level_divisor)
        if pooled is not None:
            found.loc[places, ["pooled_gain", "pooled_low", "pooled_high"]] = np.stack(
                [pooled.gain, pooled.low, pooled.high], axis=1
            )
        mean = arm.index[arm["scope"] == MEAN]
        if harm is not None and len(mean):
            found.loc[mean, "most_lost"] = harm.most_lost
            found.loc[mean, "most_lost_by"] = rows.loc[places[harm.task], "task"]
            found.loc[mean, "some_hurt"] = harm.is_shown
            found.loc[mean, "some_hurt_probability"] = harm.probability
    return found
