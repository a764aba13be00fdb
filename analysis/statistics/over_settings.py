"""Differences of a method that was tried in several settings, such as widths: their mean, seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd


def mean_over_settings(rows: pd.DataFrame, keys: Sequence[str] = (), **others: Any) -> pd.DataFrame:
    """Return one row per seed of every method: the mean gain over its settings, with the larger test part.

    What single test examples contribute is known of one setting and not of a mean over several.

    Args:
        rows: of :func:`analysis.statistics.paired_gains.differences`, of all settings, with the columns ``keys``.
        keys: columns that tell the methods apart; none: all rows are of one.
        others: further columns, as pandas aggregates them by name.
    """
    grouped = rows.groupby([*keys, "seed"], sort=False, as_index=False)
    means = grouped.agg(
        gain=("gain", "mean"),
        test_variance=("test_variance", "max"),
        test_degrees=("test_degrees", "min"),
        fold=("fold", "first"),
        weight=("weight", "mean"),
        test_influence=("test_influence", lambda found: found.iloc[0]),
        settings=("gain", "size"),
        **others,
    )
    of_method = [means[key] for key in keys] or [means["settings"] * 0]
    single = means.groupby(of_method)["settings"].transform("max") == 1
    return means.assign(test_influence=means["test_influence"].where(single, None)).drop(columns="settings")
