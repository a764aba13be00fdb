"""Iteration over a frame, row by row or group by group, where type checkers do not know its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows of ``frame``: named tuples with the columns as attributes."""
    return iter(frame.itertuples())


def groups(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Iterate over the groups of ``frame`` that have equal values of ``keys``, in the order of their first rows.

    Yields:
        The values by key, and the rows.  A missing value makes a group like any other value.
    """
    for values, group in frame.groupby(keys, sort=False, dropna=False):
        yield dict(zip(keys, values, strict=True)), group
