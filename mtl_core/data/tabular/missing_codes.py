"""Codes that stand for a missing value: those that the study file names, and those that look like one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.number_text import exact_text

Code = str | float
Codes = Sequence[Code] | Mapping[str, Sequence[Code]]

CUSTOMARY = {sign * int("9" * digits) for digits in range(1, 8) for sign in (1, -1)} | {-1, -32768, 32767, -(2**31)}
"""Numbers that files customarily hold where a value is missing."""
FEWEST_REPEATS = 2
FAR = 10.0
"""An extreme value that is no customary code is remarked upon when it lies so many ranges of the others away."""
MOST_ROWS_SHOWN = 1_000_000


def codes_of(missing: Codes, column: str) -> Sequence[Code]:
    """Return the codes that stand for missing in ``column``."""
    return missing.get(column, ()) if isinstance(missing, Mapping) else missing


def without_codes(values: pa.ChunkedArray, codes: Sequence[Code]) -> pa.ChunkedArray:
    """Return ``values`` with null in the place of every code; numbers are compared as numbers, others as text."""
    if not codes or pa.types.is_null(values.type):
        return values
    stored, coded = values.type, None
    if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        numbers = [float(code) for code in codes if _is_number(code)]
        coded = pc.is_in(pc.cast(values, pa.float64(), safe=False), pa.array(numbers, pa.float64()))  # pyright: ignore[reportAttributeAccessIssue]
    elif pa.types.is_string(stored) or pa.types.is_large_string(stored) or pa.types.is_string_view(stored):
        texts = [code if isinstance(code, str) else exact_text(float(code)) for code in codes]
        coded = pc.is_in(values, pa.array(texts, stored))  # pyright: ignore[reportAttributeAccessIssue]
    if coded is None:
        return values
    return pc.if_else(coded, pa.scalar(None, stored), values)  # pyright: ignore[reportAttributeAccessIssue]


# pyright: ignore[reportAttributeAccessIssue]


def remarks_on_numbers(column: Column, numbers: np.ndarray) -> list[str]:
    """Return remarks on a value of ``numbers`` that looks like a code for missing, or lies far from all others."""
    values, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(values) == 3 and values.tolist() == [-1, 0, 1]:
        found = f"Column {column.name!r} holds -1 beside 0 and 1 ({counts[0]} times)."
        return [f"{found} {_remedy(column.name, -1.0)}"]
    remarks = []
    for extreme, others in ((0, values[1:]), (-1, values[:-1])):
        if len(others) < 2:
            continue
        value, times = float(values[extreme]), int(counts[extreme])
        gap = abs(value - float(others[0] if extreme == 0 else others[-1]))
        spread = float(others[-1] - others[0])
        shown = exact_text(value)
        if times >= FEWEST_REPEATS and gap > (spread if value in CUSTOMARY else FAR * spread):
            found = f"Column {column.name!r} holds {shown} in {times} of {counts.sum()} rows, far from all others."
            remarks.append(f"{found} {_remedy(column.name, value)}")
        elif times == 1 and gap > FAR * spread:
            row = int(np.flatnonzero(numbers == value)[0]) + 1
            remarks.append(
                f"Column {column.name!r} holds {shown} in row {row}, {gap / spread:.2g} times the range of all others "
                f"away from them. If it is wrong, clear it."
            )
    return remarks


def _remedy(name: str, value: float) -> str:
    return f"If that means missing, write missing: {{{name}: [{exact_text(value)}]}} under tasks."


def _is_number(code: Code) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True
