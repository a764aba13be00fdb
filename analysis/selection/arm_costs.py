"""What an arm's networks cost, for all tasks together."""

from __future__ import annotations

import pandas as pd

from analysis.records.unshared import SINGLE_TASK


def costs(replicas: pd.DataFrame) -> pd.DataFrame:
    """Return ``arm, multiply_adds`` (per example), ``parameters`` for all tasks, on average over replicas."""
    by_task = replicas.groupby(["arm", "task"], sort=False)
    one = by_task[["multiply_adds", "parameters_total"]].mean().assign(sharing=by_task["sharing"].first())
    per_arm = one.reset_index("task").groupby("arm", sort=False)
    single = per_arm["sharing"].first() == SINGLE_TASK
    numbers = per_arm[["multiply_adds", "parameters_total"]]
    return numbers.sum().where(single, numbers.max()).rename(columns={"parameters_total": "parameters"}).reset_index()
