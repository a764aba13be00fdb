"""Codes that stand for a missing value: those that the study file names, and those that look like one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.yaml_names import in_yaml

Code = str | float
Codes = Sequence[Code] | Mapping[str, Sequence[Code]]

CUSTOMARY = {sign * int("9" * digits) for digits in range(1, 8) for sign in (1, -1)} | {-1, -32768, 32767, -(2**31)}
"""Numbers that files customarily hold where a value is missing."""
FEWEST_REPEATS = 2
FAR = 10.0
"""An extreme value that is no customary code is remarked upon when it lies so many ranges of the others away."""


def codes_of(missing: Codes, column: str) -> Sequence[Code]:
    """Return the codes that stand for missing in ``column``."""
    return missing.get(column, ()) if isinstance(missing, Mapping) else missing


def null_words(missing: Codes, usual: Sequence[str]) -> dict[str, list[str]]:
    """Return the cells of a text file that are missing, by column; ``""`` stands for all other columns.

    Args:
        missing: codes of the study file; those that are text are compared with the text of a cell.
        usual: words that are missing unless the study file says otherwise.
    """
    if isinstance(missing, Mapping):
        return {name: ["", *_texts(codes)] for name, codes in missing.items()}
    return {"": [*usual, *_texts(missing)]}


def numeric_codes(codes: Sequence[Code]) -> list[Code]:
    """Return the codes that are compared with numbers in a text file: text such as 01 is compared with text alone."""
    numeric = [code for code in codes if _is_number(code)]
    return [code for code in numeric if not isinstance(code, str) or exact_text(float(code)) == code]


def _texts(codes: Sequence[Code]) -> list[str]:
    return [code for code in codes if isinstance(code, str)]


def without_codes(column: Column, codes: Sequence[Code]) -> Column:
    """Return ``column`` with null in the place of every code; numbers are compared as numbers, text as text."""
    values = column.values
    if column.is_number:
        wanted = pa.array([float(code) for code in codes if _is_number(code)], pa.float64())
        coded = pc.is_in(pc.cast(values, pa.float64(), safe=False), wanted)  # pyright: ignore[reportAttributeAccessIssue]
    elif column.is_text and column.num_present:
        texts = [code if isinstance(code, str) else exact_text(float(code)) for code in codes]
        coded = pc.is_in(values, pa.array(texts, values.type))  # pyright: ignore[reportAttributeAccessIssue]
    else:
        return column
    null = pa.scalar(None, values.type)
    return replace(column, values=pc.if_else(coded, null, values))  # pyright: ignore[reportAttributeAccessIssue]


def remarks_on_numbers(column: Column, numbers: np.ndarray) -> list[Remark]:
    """Return remarks on a value of ``numbers`` that looks like a code for missing, or lies far from all others."""
    values, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(values) == 3 and values.tolist() == [-1, 0, 1]:
        found = f"Column {column.name!r} holds -1 beside 0 and 1 ({counts[0]} times)."
        return [Remark("missing_code", column.name, f"{found} {_remedy(column.name, -1.0)}")]
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
            remarks.append(Remark("missing_code", column.name, f"{found} {_remedy(column.name, value)}"))
        elif times == 1 and gap > FAR * spread:
            row = int(np.flatnonzero(numbers == value)[0]) + 1
            found = (
                f"Column {column.name!r} holds {shown} in row {row}, {gap / spread:.2g} times the range of all others"
            )
            remarks.append(Remark("far_value", column.name, f"{found} away from them. If it is wrong, clear it."))
    return remarks


def _remedy(name: str, value: float) -> str:
    return f"If that means missing, write missing: {{{in_yaml(name)}: [{exact_text(value)}]}} under tasks."


def _is_number(code: Code) -> bool:
    try:
        float(code)
    except ValueError:
        return False
    return True
