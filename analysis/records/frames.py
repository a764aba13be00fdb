"""Iteration over a data frame, row by row or group by group, with columns that no type declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a frame, with columns as attributes."""
    return iter(frame.itertuples())


def groups(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Yield (values of ``keys``, rows) per group, in the order of first rows; a missing value makes a group, too."""
    for values, group in frame.groupby(keys, sort=False, dropna=False):
        yield dict(zip(keys, values, strict=True)), group
