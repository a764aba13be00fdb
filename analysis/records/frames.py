"""Through a frame row by row or group by group; which columns it has, no type says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows, with their columns as attributes."""
    return iter(frame.itertuples())


def groups(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The groups in the order of their first rows, each with its values of ``keys``; missing is a value, too."""
    for values, group in frame.groupby(keys, sort=False, dropna=False):
        yield dict(zip(keys, values, strict=True)), group
