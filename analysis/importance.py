"""Stated importance of tasks: how much each counts in the mean over tasks, where the study file says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # `check` plans intervals, and needs no data frame, which takes a third of a second to import
    import pandas as pd

IMPORTANCE = "importance"
"""Column of a table of gains with the importance of each task, only there where the study file states it."""
Importance = Mapping[str, float]
"""Importance by task; a task that is not named has 1.  Only its ratios count."""


def stated_importance(spec: Mapping[str, Any]) -> Importance | None:
    """Return the importance that a study file states; ``None`` where all tasks count alike."""
    stated = spec.get("importance") or {}
    return {str(task): float(value) for task, value in stated.items()} if stated else None


def weights_of(tasks: Iterable[str], importance: Importance | None) -> np.ndarray | None:
    """Return the share of every task in their mean, [t], with sum 1; ``None`` where all count alike."""
    if importance is None:
        return None
    weights = np.array([importance.get(task, 1.0) for task in tasks], dtype=float)
    return weights / weights.sum()


def mean_over_tasks(values: pd.DataFrame, importance: Importance | None) -> pd.Series:
    """Return the mean of every row over its columns, one per task; tasks that a row lacks (NaN) are left out of it."""
    weights = weights_of(values.columns, importance)
    if weights is None:
        return values.mean(axis=1)
    counted = values.notna() * weights
    return values.mul(weights).sum(axis=1) / counted.sum(axis=1).replace(0.0, np.nan)


def with_importance(rows: pd.DataFrame, importance: Importance | None) -> pd.DataFrame:
    """Add the importance of each row's task, NaN for means; rows of a study that states none are returned as they are.

    Args:
        rows: with ``task``, which is empty for means.
        importance: by task.
    """
    if importance is None:
        return rows
    return rows.assign(**{IMPORTANCE: [importance.get(task, 1.0) if task else np.nan for task in rows["task"]]})


def mean_of(tasks: pd.DataFrame, column: str) -> float:
    """Return the mean of a column over rows of one task each, by their importance where they have it; NaN where any is.

    Args:
        tasks: as :func:`with_importance` returns them.
        column: whose mean is returned.
    """
    if IMPORTANCE not in tasks:
        return float(tasks[column].mean(skipna=False))
    return float((tasks[column] * tasks[IMPORTANCE]).sum(skipna=False) / tasks[IMPORTANCE].sum())
