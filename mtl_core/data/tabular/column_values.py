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
        distinct=_distinct(column),
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


def _distinct(column: Column) -> int | None:
    try:
        return len(pc.unique(pc.drop_null(column.values)))  # pyright: ignore[reportAttributeAccessIssue]
    except pa.ArrowNotImplementedError:  # Arrow does not compare values of every type
        return None


def _range(column: Column) -> tuple[float | str | None, float | str | None]:
    stored = column.values.type
    if not (column.is_number or pa.types.is_temporal(stored)):
        return None, None
    values = column.values.cast(pa.float32()) if pa.types.is_float16(stored) else column.values  # Arrow cannot compare
    try:
        found = pc.min_max(values)  # pyright: ignore[reportAttributeAccessIssue]
    except pa.ArrowNotImplementedError:  # nor does it order them, such as durations
        return None, None
    return _plain(_as_python(found["min"])), _plain(_as_python(found["max"]))


def _as_python(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):  # Python knows no year beyond 9999
        return pc.cast(value, pa.string()).as_py()


def _plain(value: Any) -> float | str | None:
    """Return a value that JSON knows: infinities and dates as text."""
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
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
