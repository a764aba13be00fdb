"""Replicas whose best epoch is among the last: more training could have made their networks better."""

from __future__ import annotations

import numpy as np
import pandas as pd

LAST = 0.05
"""Share of the epochs, at the end, in which a best epoch counts as late."""
MOST_LATE = 0.05
"""Largest share of an arm's replicas that may be late."""
FEWEST_LATE = 2
"""Fewer late replicas of an arm are a chance finding."""


def is_late(replicas: pd.DataFrame) -> pd.Series:
    """Return of every row whether its selected epoch is among the last :data:`LAST` of its epochs, at least one."""
    budget = replicas["budget_epochs"].to_numpy(dtype=float)
    late = replicas["selected_epoch"].to_numpy(dtype=float) >= budget - np.maximum(np.floor(LAST * budget), 1)
    return pd.Series(late, index=replicas.index)


def late_arms(replicas: pd.DataFrame) -> pd.DataFrame:
    """Return the arms of which more than :data:`MOST_LATE` of the replicas are late, most of them first.

    Args:
        replicas: records of replicas that trained all their epochs, one row for each replica and task.

    Returns:
        columns ``arm, late, replicas, share, epochs``; no row where all arms have trained long enough.
    """
    each = replicas.drop_duplicates("replica")
    found = each.assign(late=is_late(each)).groupby("arm", sort=False)
    table = found.agg(late=("late", "sum"), replicas=("late", "size"), epochs=("budget_epochs", "max")).reset_index()
    table["share"] = table["late"] / table["replicas"]
    too_many = (table["share"] > MOST_LATE) & (table["late"] >= FEWEST_LATE)
    return table[too_many].sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
