"""Columns that number the rows: they are no inputs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mtl_core.data.tabular.columns import Column

INDEX_NAME = re.compile(r"Unnamed: \d+|__index_level_\d+__|index", re.IGNORECASE)


def index_columns(table: pa.Table) -> list[str]:
    """Return the columns of ``table`` that held the index of a data frame, as its metadata say."""
    text = (table.schema.metadata or {}).get(b"pandas")
    if text is None:
        return []
    try:
        names = json.loads(text).get("index_columns", [])
    except (ValueError, AttributeError):
        return []
    return [name for name in names if isinstance(name, str) and name in table.column_names]


def why_it_numbers_rows(column: Column, index: Sequence[str], num_rows: Sequence[int] = ()) -> str | None:
    """Return the reason why ``column`` is taken to number the rows; ``None`` where it is not.

    Args:
        index: names that the file's metadata give to the index of a data frame.
        num_rows: of each file, where the table has several; they may be numbered one by one.
    """
    if column.name in index:
        return "is the index of the data frame that was written"
    if not column.is_whole:
        return None
    numbers = column.numbers()
    if np.isnan(numbers).any() or len(numbers) < 2:
        return None
    consecutive = np.sort(numbers)
    if (np.diff(consecutive) == 1).all():
        return f"holds every whole number from {consecutive[0]:.0f} to {consecutive[-1]:.0f} once, as row numbers do"
    parts = np.split(numbers, np.cumsum(num_rows)[:-1]) if len(num_rows) > 1 else []
    if parts and all(len(part) > 1 and (np.diff(np.sort(part)) == 1).all() for part in parts):
        return "holds consecutive whole numbers, each once, in every file, as row numbers do"
    if INDEX_NAME.fullmatch(column.name) and len(np.unique(numbers)) == len(numbers):
        return "has the name that the index of a data frame gets, and another number in every row"
    return None
