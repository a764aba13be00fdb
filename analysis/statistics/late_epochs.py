"""Replicas whose best epoch is among the last: more training could have made their networks better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    import pandas as pd

LAST = 0.05
"""Share of the epochs, at the end, in which a best epoch counts as late."""
MOST_LATE = 0.05
"""Largest share of an arm's replicas that may be late."""
FEWEST_LATE = 2
"""Fewer late replicas of an arm are a chance finding."""


def is_late(selected: ArrayLike, epochs: ArrayLike) -> np.ndarray:
    """Return whether each epoch of ``selected``, from 0, is among the last :data:`LAST` of ``epochs``, at least one."""
    number = np.asarray(epochs, dtype=float)
    return np.asarray(selected, dtype=float) >= number - np.maximum(np.floor(LAST * number), 1)


def too_many_late(late: ArrayLike, of: ArrayLike) -> np.ndarray:
    """Return whether so many late ones are more than chance and :data:`MOST_LATE` allow."""
    return (np.asarray(late) > MOST_LATE * np.asarray(of)) & (np.asarray(late) >= FEWEST_LATE)


def late_arms(replicas: pd.DataFrame) -> pd.DataFrame:
    """Return the arms of which more than :data:`MOST_LATE` of the replicas are late, most of them first.

    Args:
        replicas: records of replicas that trained all their epochs, one row for each replica and task.

    Returns:
        columns ``arm, late, replicas, share, epochs``; no row where all arms have trained long enough.
    """
    each = replicas.drop_duplicates("replica")
    late = is_late(each["selected_epoch"], each["budget_epochs"])
    arms = each.assign(late=late).groupby("arm", sort=False)
    table = arms.agg(late=("late", "sum"), replicas=("late", "size"), epochs=("budget_epochs", "max")).reset_index()
    table["share"] = table["late"] / table["replicas"]
    found = table[too_many_late(table["late"], table["replicas"])]
    return found.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
