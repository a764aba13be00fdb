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

CUSTOMARY = {
    *(sign * number for digits in range(1, 8) for number in (int("9" * digits),) for sign in (1, -1)),
    *(sign * (10**digits - less) for digits in range(2, 6) for less in (2, 3) for sign in (1, -1)),
    *(-1, -128, 127, 255, -32768, 32767, 65535, -(2**31), 2**31 - 1),
}
"""Numbers that files customarily hold where a value is missing: rows of nines, and the ends of stored types."""
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
    numeric = [code for code in codes if is_number(code)]
    return [code for code in numeric if not isinstance(code, str) or exact_text(float(code)) == code]


def _texts(codes: Sequence[Code]) -> list[str]:
    return [code for code in codes if isinstance(code, str)]


def without_codes(column: Column, codes: Sequence[Code]) -> Column:
    """Return ``column`` with null in the place of every code.

    Numbers are compared as numbers, dates as dates (2023-01-31), and text as text.
    """
    coded = _is_code(column, codes)
    if coded is None:
        return column
    null = pa.scalar(None, column.values.type)
    return replace(column, values=pc.if_else(coded, null, column.values))  # pyright: ignore[reportAttributeAccessIssue]


def codes_held(column: Column, codes: Sequence[Code]) -> list[Code]:
    """Return those of the ``codes`` that a cell of ``column`` holds."""
    found = [(code, _is_code(column, [code])) for code in codes]
    return [code for code, coded in found if coded is not None and pc.any(coded).as_py()]  # pyright: ignore[reportAttributeAccessIssue]


def _is_code(column: Column, codes: Sequence[Code]) -> pa.ChunkedArray | None:
    """Return which values are one of the codes; ``None`` where values of this type can be none."""
    values = column.values
    if column.is_number:
        wanted = pa.array([float(code) for code in codes if is_number(code)], pa.float64())
        if pa.types.is_floating(values.type):  # in the stored precision: -999.9 is a code of float32, too
            wanted = pc.cast(wanted, values.type, safe=False)
        elif pa.types.is_decimal(values.type):  # by their text: Arrow's own numbers of decimals are inexact
            values = pc.cast(values, pa.string())
        return pc.is_in(pc.cast(values, pa.float64(), safe=False), pc.cast(wanted, pa.float64()))  # pyright: ignore[reportAttributeAccessIssue]
    if column.is_text and column.num_present:
        texts = [code if isinstance(code, str) else exact_text(float(code)) for code in codes]
        return pc.is_in(values, pa.array(texts, values.type))  # pyright: ignore[reportAttributeAccessIssue]
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        moments = [moment for code in codes if (moment := _moment(code)) is not None]
        seconds = pc.cast(values, pa.timestamp("s"), safe=False)
        return pc.is_in(seconds, pa.array(moments, pa.timestamp("s")))  # pyright: ignore[reportAttributeAccessIssue]
    return _holds_code(column, codes) if pa.types.is_nested(values.type) else None


def _holds_code(column: Column, codes: Sequence[Code]) -> pa.ChunkedArray | None:
    """Return which lists of numbers hold a code: an incomplete vector is no label; ``None`` for any other lists."""
    stored = column.values.type
    of_lists = pa.types.is_list(stored) or pa.types.is_large_list(stored) or pa.types.is_fixed_size_list(stored)
    if not of_lists:
        return None
    lists = column.values.combine_chunks()
    numbers = replace(column, values=pa.chunked_array([pc.list_flatten(lists)]))  # pyright: ignore[reportAttributeAccessIssue]
    if not numbers.is_number or (coded := _is_code(numbers, codes)) is None:
        return None
    rows = np.zeros(len(lists), dtype=bool)
    rows[pc.list_parent_indices(lists).to_numpy()[coded.to_numpy()]] = True  # pyright: ignore[reportAttributeAccessIssue]
    return pa.chunked_array([pa.array(rows)])


def codes_of_dates(codes: Sequence[Code]) -> list[float]:
    """Return those of the ``codes`` that are dates, in days since 1970."""
    return [moment / 86_400 for code in codes if (moment := _moment(code)) is not None]


def _moment(code: Code) -> int | None:
    """Seconds since 1970 of text like 9999-12-31; ``None`` for any other code."""
    try:
        return pc.cast(pc.cast(pa.scalar(str(code)), pa.timestamp("s")), pa.int64()).as_py()
    except pa.ArrowInvalid:
        return None


def remarks_on_numbers(column: Column, numbers: np.ndarray, *, are_classes: bool = False) -> list[Remark]:
    """Return remarks on values of ``numbers`` that look like codes for missing, or lie far from all others.

    Args:
        column: for the message.
        numbers: its values; NaN where one is missing.
        are_classes: whether they name classes, among which distance means nothing.
    """
    values, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    if len(values) == 3 and values.tolist() == [-1, 0, 1]:
        found = f"Column {column.name!r} holds -1 beside 0 and 1 ({counts[0]} times)."
        return [Remark("missing_code", column.name, f"{found} {_remedy(column, -1.0)}")]
    coded = _customary(values, counts)
    remarks = [
        _remark_on_code(column, float(v), int(n), counts.sum())
        for v, n in zip(values, counts, strict=True)
        if v in coded
    ]
    if are_classes:
        return remarks
    others = ~np.isin(values, list(coded))
    return remarks + _remarks_on_ends(column, numbers, values[others], counts[others])


def _customary(values: np.ndarray, counts: np.ndarray) -> set[float]:
    """Return the customary codes that lie further from all other values than those do from each other."""
    customary = np.isin(values, list(CUSTOMARY))
    others = values[~customary]
    if len(others) < 2:
        return set()
    low, high = float(others[0]), float(others[-1])
    far = np.maximum(low - values, values - high) > high - low
    return set(values[customary & far & (counts >= FEWEST_REPEATS)].tolist())


def _remarks_on_ends(column: Column, numbers: np.ndarray, values: np.ndarray, counts: np.ndarray) -> list[Remark]:
    remarks = []
    for extreme, others in ((0, values[1:]), (-1, values[:-1])):
        if len(others) < 2:
            continue
        value, times = float(values[extreme]), int(counts[extreme])
        gap = abs(value - float(others[0] if extreme == 0 else others[-1]))
        spread = float(others[-1] - others[0])
        if gap <= FAR * spread:
            continue
        if times >= FEWEST_REPEATS:
            remarks.append(_remark_on_code(column, value, times, int((~np.isnan(numbers)).sum())))
        else:
            row = int(np.flatnonzero(numbers == value)[0]) + 1
            found = f"Column {column.name!r} holds {_shown(column, value)} in row {row}"
            text = (
                f"{found}, {gap / spread:.2g} times the range of all others away from them. If it is wrong, clear it."
            )
            remarks.append(Remark("far_value", column.name, text))
    return remarks


def _remark_on_code(column: Column, value: float, times: int, total: int) -> Remark:
    found = f"Column {column.name!r} holds {_shown(column, value)} in {times} of {total} rows, far from all others."
    return Remark("missing_code", column.name, f"{found} {_remedy(column, value)}")


def _remedy(column: Column, value: float) -> str:
    code = f"'{_shown(column, value)}'" if column.is_date else _shown(column, value)
    return f"If that means missing, write missing: {{{in_yaml(column.name)}: [{code}]}} under tasks."


def _shown(column: Column, value: float) -> str:
    if not column.is_date:
        return exact_text(value)
    return str(np.datetime64(round(value * 86_400), "s")).removesuffix("T00:00:00").replace("T", " ")


def is_number(code: Code) -> bool:
    """Return whether a code is a number, or text that is one."""
    try:
        float(code)
    except ValueError:
        return False
    return True
