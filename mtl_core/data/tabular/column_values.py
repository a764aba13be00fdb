"""Summaries of the values of a column, whatever its type; nothing here refuses a column."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.column_facts import ColumnFacts, Role
from mtl_core.data.tabular.columns import Column

MOST_COMMON = 3


def facts_of_column(column: Column, role: Role, kind: str, why: str, treatment: str) -> ColumnFacts:
    """Return the facts about ``column``: what it holds, and what the caller says of its use."""
    smallest, largest = _range(column)
    return ColumnFacts(
        name=column.name,
        role=role,
        kind=kind,
        why=why,
        missing=column.values.null_count,
        distinct=None if pa.types.is_nested(column.values.type) else len(pc.unique(pc.drop_null(column.values))),  # pyright: ignore[reportAttributeAccessIssue]
        smallest=smallest,
        largest=largest,
        common=_common(column),
        treatment=treatment,
    )


def stored_kind(column: Column) -> str:
    """Return the kind that the stored type implies, also for a column that could be no input."""
    stored = column.values.type
    if column.is_number:
        return "numeric"
    if pa.types.is_boolean(stored):
        return "boolean"
    if pa.types.is_date(stored) or pa.types.is_timestamp(stored):
        return "date"
    return "categorical" if column.is_text else str(stored)


def _range(column: Column) -> tuple[float | str | None, float | str | None]:
    stored = column.values.type
    if not (column.is_number or pa.types.is_temporal(stored)) or pa.types.is_interval(stored):
        return None, None
    found = pc.min_max(column.values).as_py()  # pyright: ignore[reportAttributeAccessIssue]
    return _plain(found["min"]), _plain(found["max"])


def _plain(value: Any) -> float | str | None:
    """Return a value that JSON knows: infinities and dates as text."""
    if value is None:
        return None
    try:
        number = float(value)
    except TypeError:
        return str(value)
    return number if math.isfinite(number) else str(number)


def _common(column: Column) -> tuple[tuple[str, int], ...]:
    if not (column.is_text or pa.types.is_boolean(column.values.type)):
        return ()
    counts = [
        (str(pair["values"]), pair["counts"])
        for pair in pc.value_counts(pc.drop_null(column.values)).to_pylist()  # pyright: ignore[reportAttributeAccessIssue]
    ]
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:MOST_COMMON])
