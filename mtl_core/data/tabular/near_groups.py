"""Groups whose names differ by so little that they are probably one: its rows would stand on both sides of a split."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.spellings import remarks_on_spellings

NEAR = 1e-12
"""Fractions nearer than this share of their size come from rounding."""


def remarks_on_near_groups(column: Column) -> list[Remark]:
    """Return a remark where names of groups differ in spelling alone, or by rounding alone."""
    if column.is_text:
        names = [name for name in pc.unique(column.values).to_pylist() if name is not None]  # pyright: ignore[reportAttributeAccessIssue]
        return remarks_on_spellings(column, names, kind="group_spelling")
    if not pa.types.is_floating(column.values.type):
        return []
    numbers = np.unique(pc.drop_null(column.values).to_numpy().astype(np.float64))  # pyright: ignore[reportAttributeAccessIssue]
    fractions = numbers[1:] != np.round(numbers[1:])
    near = np.flatnonzero(fractions & (np.diff(numbers) <= NEAR * np.abs(numbers[1:])))
    if not len(near):
        return []
    first, second = (float(numbers[place]) for place in (near[0], near[0] + 1))
    text = f"Groups of {column.name!r} differ by rounding alone, such as {first!r} and {second!r}. Round them, if so."
    return [Remark("group_spelling", column.name, text)]
