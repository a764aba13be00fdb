"""Cells of a text file that were read as values, as the file writes them: different texts may be one value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

EXACT_UP_TO = 2.0**53
"""Float64 does not tell all whole numbers beyond this one apart."""
WHOLE = r"^([+-]?\d+|\d+[eE]\d+|0[xX][0-9a-fA-F]+)$"
CODE = r"^([+-]?0\d|\+\d|\d+[eE]\d+$|0[xX])"
MOST_SHOWN = 3


@dataclass(frozen=True)
class CellTexts:
    """The cells of a column that was read as numbers, dates or truth values.

    Args:
        cells: ``[n]`` texts without blanks around; null where a value is missing.
        merged: up to three groups of texts that are one value each, such as 01 and 1; empty where none are.
        code: a text that is written as codes are and numbers are not, such as 01, +1, 2E3 or 0x10, in a column of whole
            numbers; ``None``: there is none.
    """

    cells: pa.ChunkedArray
    merged: tuple[tuple[str, ...], ...]
    code: str | None


def cell_texts(values: pa.ChunkedArray, cells: pa.ChunkedArray) -> CellTexts | None:
    """Return the cells of a column if they say more than its values do.

    Args:
        values: as they were read; null where one is missing.
        cells: the same cells as text.

    Returns:
        The cells; ``None`` where every value has one text, none looks like a code, and no value is beyond exact ones.
    """
    if pa.types.is_floating(values.type):
        values = pc.add(values, 0.0)  # -0 and 0 are one number  # pyright: ignore[reportAttributeAccessIssue]
    texts = pc.utf8_trim_whitespace(cells)  # pyright: ignore[reportAttributeAccessIssue]
    texts = pc.if_else(values.is_valid(), texts, pa.scalar(None, texts.type))  # pyright: ignore[reportAttributeAccessIssue]
    different = pc.drop_null(pc.unique(texts))  # pyright: ignore[reportAttributeAccessIssue]
    num_values = len(pc.drop_null(pc.unique(values)))  # pyright: ignore[reportAttributeAccessIssue]
    merged = _merged(values, texts) if len(different) > num_values else ()
    code = _code(different) if _is_number(values.type) else None
    return CellTexts(texts, merged, code) if merged or code or _is_inexact(values) else None


def may_say_more(values: pa.ChunkedArray) -> bool:
    """Whether the cells of a column could say more than its values do; fractions that all differ cannot be merged."""
    if not pa.types.is_floating(values.type):
        return not pa.types.is_null(values.type)
    present = pc.drop_null(values)  # pyright: ignore[reportAttributeAccessIssue]
    numbers = present.to_numpy()
    whole = bool((numbers == np.round(numbers)).all())
    return whole or len(pc.unique(present)) < len(present)  # pyright: ignore[reportAttributeAccessIssue]


def _code(different: pa.Array) -> str | None:
    """Return the first text that is written as a code, where all texts are whole numbers."""
    marked = different.filter(pc.match_substring_regex(different, CODE))  # pyright: ignore[reportAttributeAccessIssue]
    if not len(marked) or not pc.all(pc.match_substring_regex(different, WHOLE)).as_py():  # pyright: ignore[reportAttributeAccessIssue]
        return None
    return marked[0].as_py()


def _merged(values: pa.ChunkedArray, texts: pa.ChunkedArray) -> tuple[tuple[str, ...], ...]:
    encoded = [pc.dictionary_encode(column.combine_chunks()) for column in (values, texts)]  # pyright: ignore[reportAttributeAccessIssue]
    present = texts.is_valid().to_numpy(zero_copy_only=False)
    numbers = [pc.fill_null(one.indices, -1).to_numpy()[present] for one in encoded]  # pyright: ignore[reportAttributeAccessIssue]
    words = np.array(encoded[1].dictionary.to_pylist(), dtype=object)
    value_of = np.zeros(len(words), dtype=np.int64)
    value_of[numbers[1]] = numbers[0]  # one text is one value, so that no pairs have to be sorted
    several = np.flatnonzero(np.bincount(value_of) > 1)[:MOST_SHOWN]
    groups = [sorted(words[value_of == value]) for value in several]
    return tuple(tuple(group[:MOST_SHOWN]) for group in groups)


def _is_number(stored: pa.DataType) -> bool:
    return pa.types.is_integer(stored) or pa.types.is_floating(stored)


def _is_inexact(values: pa.ChunkedArray) -> bool:
    if not pa.types.is_floating(values.type):
        return False
    largest = pc.max(pc.abs(values)).as_py()  # pyright: ignore[reportAttributeAccessIssue]
    return largest is not None and largest > EXACT_UP_TO
