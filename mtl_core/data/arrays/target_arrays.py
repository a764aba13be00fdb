"""Targets of arrays, as the columns that tasks are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from mtl_core.data.tabular.column_names import refuse_unmatched, selected
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.missing_codes import without_codes
from mtl_core.errors import UserError


def target_columns(
    targets: Mapping[str, np.ndarray], wanted: Sequence[str], missing: Sequence[int | float], where: str
) -> tuple[dict[str, Column], dict[str, tuple[str, ...]]]:
    """Return the columns of targets, and the vectors among them.

    Args:
        targets: ``[n]`` of each task, or ``[n, k]`` of a vector of fractions, by name.
        wanted: names or patterns of those to predict.
        missing: numbers that stand for a missing label, beside NaN.
        where: the file, for messages.

    Raises:
        UserError: when a pattern stands for no target, or an array is no target.
    """
    refuse_unmatched("targets", wanted, list(targets), where)
    columns: dict[str, Column] = {}
    vectors: dict[str, tuple[str, ...]] = {}
    for name in selected(wanted, list(targets)):
        values = targets[name]
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        column = _column(name, values, f"{where}: {name}")
        columns[name] = without_codes(column, list(missing)) if missing else column
        if values.ndim == 2:
            vectors[name] = (name,)
    return columns, vectors


def _column(name: str, values: np.ndarray, where: str) -> Column:
    kind = values.dtype.kind
    if kind not in "biufUS" or (values.dtype.itemsize > 8 and kind in "biuf"):
        raise UserError(where, f"holds values of type {values.dtype}.", "Give numbers, truth values or text.")
    if values.ndim > 2 or (values.ndim == 2 and kind != "f"):
        advice = "Save each column as an array of its own, y_<task>; as fractions several are one vector."
        raise UserError(where, f"has shape {list(values.shape)} and type {values.dtype}.", advice)
    if kind == "S":
        values = np.char.decode(values, "latin-1")
    if values.ndim == 2:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
        incomplete = pa.array(np.isnan(values).any(axis=1))
        return Column(name, where, pa.chunked_array([_without(lists, incomplete)]))
    if kind == "f":
        values = values.astype(np.float64) if values.dtype.itemsize == 2 else values
        return Column(name, where, pa.chunked_array([pa.array(values, mask=np.isnan(values))]))
    empty = values == "" if kind in "US" else None
    return Column(name, where, pa.chunked_array([pa.array(values, mask=empty)]))


def _without(lists: pa.FixedSizeListArray, missing: pa.BooleanArray) -> pa.Array:
    """Return lists with null where a number of theirs is missing."""
    plain = lists.to_pylist()
    return pa.array([None if gone else one for one, gone in zip(plain, missing.to_pylist(), strict=True)], lists.type)
