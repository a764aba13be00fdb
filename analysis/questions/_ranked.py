"""What the rankings of several questions have in common: mean gains of the rivals, and how far each is behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.statistics.intervals import Gain
from analysis.statistics.paired_gains import MEAN, gain_of


def mean_gains(scores: pd.DataFrame, quantity: str, *, rival: str, family: str) -> dict[str, Gain]:
    """Return each rival's mean over tasks of ``quantity``, with intervals.

    Args:
        scores: rows of a question: ``quantity, scope, seed, gain, level_divisor`` and the columns named below.
        quantity: the rows to take.
        rival: column that says which rival a row belongs to.
        family: column with the number of rivals that the intervals are simultaneous over.
    """
    means = scores[(scores["quantity"] == quantity) & (scores["scope"] == MEAN)]
    return {
        str(name): gain_of(group, family=int(group[family].iloc[0]), level_divisor=int(group["level_divisor"].iloc[0]))
        for name, group in means.groupby(rival)
    }


def behind_columns(behind: Gain | None) -> dict[str, Any]:
    """Return ``behind, behind_half, separable`` from the paired difference to the best; ``None``: it is the best.

    A rival is separable where the simultaneous interval of its difference lies below zero.
    """
    if behind is None:
        return {"behind": 0.0, "behind_half": np.nan, "separable": False}
    half = behind.half_simultaneous
    return {"behind": behind.mean, "behind_half": half, "separable": bool(behind.simultaneous[1] < 0)}


def places(rows: pd.DataFrame, rival: str) -> pd.Series:
    """Return for every row the place of its rival by mean gain, from 1; of equal means the first row's comes first."""
    means = rows[rows["scope"] == MEAN].set_index(rival)["gain"]
    return rows[rival].map(means.rank(ascending=False, method="first"))
