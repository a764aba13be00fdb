"""Targets that are classes in an order, or counts: what their cells must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from mtl_core.data.tabular.column_names import listed, nearest_name
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError

ORDINAL, COUNT = "ordinal", "count"


def in_order(column: Column, order: Sequence[str] | None) -> Callable[[str], float]:
    """Return the place of every class of an ordinal target, by its text.

    Args:
        column: the target.
        order: classes, lowest first; ``None``: in the order of the numbers that name them.

    Raises:
        UserError: when the order names a class twice or lacks one, or none is stated for words.
    """
    found = sorted({text for text in column.texts() if text is not None})
    if order is not None:
        twice = [name for place, name in enumerate(order) if name in order[:place]]
        if twice:
            raise UserError(f"table: order.{column.name}", f"{twice[0]!r} stands there twice.", "Keep one of the two.")
        if absent := [name for name in found if name not in order]:
            places = f"it lacks {listed(absent)}, which the column holds."
            raise UserError(f"table: order.{column.name}", places, nearest_name(absent[0], order))
        return lambda name: float(order.index(name))
    words = [name for name in found if not _is_number(name)]
    if words:
        advice = f"Write order: {{{in_yaml(column.name)}: [lowest, …, highest]}} under tasks."
        raise UserError(column.where, f"is ordinal, and nothing says where {words[0]!r} stands.", advice)
    return float


def refuse_what_is_no_count(column: Column, numbers: np.ndarray, origin: float) -> None:
    """Refuse a target of counts that holds other numbers than whole ones from 0 up.

    Args:
        column: the target.
        numbers: its values; NaN where missing.
        origin: what was subtracted from them to keep them apart in float32.

    Raises:
        UserError: naming the first row that holds no count.
    """
    bad = np.flatnonzero((numbers < 0) | (numbers != np.round(numbers)) & ~np.isnan(numbers))
    if len(bad):
        found = f"is a count, and row {bad[0] + 1} holds {exact_text(float(numbers[bad[0]]))} ({len(bad)} such rows)."
        raise UserError(column.where, found, "Clear what is none, or declare it regression.")
    if origin:
        raise UserError(column.where, "holds counts that are too large to be told apart.", "Declare it regression.")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
