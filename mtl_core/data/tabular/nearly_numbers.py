"""Text most of which is numbers or dates: refused, with how to write it or what to declare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError

NUMBER = re.compile(r"\s*[-+\u2212\u2013]?[$€£]?\s*(\d[\d.,' ]*|\.\d+)(e[-+\u2212\u2013]?\d+)?\s*%?\s*", re.IGNORECASE)
DATE = re.compile(r"\s*\d{1,4}([./])\d{1,2}\1\d{1,4}(\s+\d{1,2}:\d\d(:\d\d)?)?\s*")
ISO_DATE = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?)?\s*")
PLAIN_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+\s*")
TYPESET_MINUS = re.compile("[\u2212\u2013]")
LONGEST_NUMBER = 40  # longer text is cut, because the pattern is slow on long runs of blanks
MOST_CODES = 3
"""Largest number of different other words beside numbers that may stand for missing values."""


def refuse_numbers_written_as_text(name: str, where: str, values: pa.ChunkedArray, allowed: Sequence[str]) -> None:
    """Refuse text most of which is numbers or dates.

    Args:
        name: of the column.
        where: file and column, for the message.
        values: text; null where one is missing.
        allowed: kinds that the study file may declare for a column in this role; the advice names them.

    Raises:
        UserError: with an example, and what can be done.
    """
    different = [value for value in pc.unique(values).to_pylist() if value is not None]  # pyright: ignore[reportAttributeAccessIssue]
    seen = [str(value)[:LONGEST_NUMBER] for value in different]
    numbers = [value for value in seen if NUMBER.fullmatch(value)]
    others = [value for value, text in zip(different, seen, strict=True) if not NUMBER.fullmatch(text)]
    _refuse_dates(where, seen, allowed)
    if 2 * len(numbers) <= len(seen):
        return
    advice = f"Clean it, ignore it, or declare it {_kinds(allowed, numbers, others)} under kinds."
    typeset = next((value for value in numbers if TYPESET_MINUS.search(value)), None)
    if typeset is not None:
        numbers, advice = [typeset], f"Its minus is a typographic sign: write '-'. {advice}"
    if others:
        row = pc.index(values, pa.scalar(others[0], values.type)).as_py() + 1  # pyright: ignore[reportAttributeAccessIssue]
        mixed = f"holds numbers and text such as {others[0][:40]!r} in row {row}"
        times = pc.sum(pc.equal(values, pa.scalar(others[0], values.type))).as_py()  # pyright: ignore[reportAttributeAccessIssue]
        advice = f"{_on_others(others, row, times)} {advice}".strip()
    else:
        mixed = "holds numbers written as text"
        commas = _on_decimal_commas(name, numbers)
        advice = advice + commas if commas else _on_marks(numbers) + advice
    raise UserError(where, f"{mixed} (for instance {numbers[0][:40]!r}).", advice)


def _refuse_dates(where: str, seen: Sequence[str], allowed: Sequence[str]) -> None:
    other, iso = ([text for text in seen if pattern.fullmatch(text)] for pattern in (DATE, ISO_DATE))
    if 2 * (len(other) + len(iso)) <= len(seen):
        return
    if other:
        found = f"holds dates written like {other[0]!r}."
        advice = "Write dates like 2023-01-31, ignore the column, or declare another kind under kinds."
        raise UserError(where, found, advice)
    strange = [text for text in seen if text not in iso or not _is_date(text)]
    found = f"holds dates and text such as {strange[0]!r}." if strange else f"holds dates as text, such as {iso[0]!r}."
    kinds = "date or categorical" if "date" in allowed else "multiclass"
    advice = "Mend or clear what is no date, " if strange else f"Declare it {kinds} under kinds, "
    raise UserError(where, found, f"{advice}or ignore the column.")


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _kinds(allowed: Sequence[str], numbers: Sequence[str], others: Sequence[str]) -> str:
    """Return the kinds that may be declared; numbers with other marks than a point can only be names."""
    plain = not others and all(PLAIN_NUMBER.fullmatch(value) for value in numbers)
    of_numbers = () if plain else ("numeric", "regression", "count")
    *kinds, last = (kind for kind in allowed if kind not in ("boolean", "date", *of_numbers))
    return f"{', '.join(kinds)} or {last}" if kinds else last


def _on_marks(numbers: Sequence[str]) -> str:
    """Advice on numbers with currency, percent signs or marks between thousands."""
    marked = next((value for value in numbers if not PLAIN_NUMBER.fullmatch(value)), None)
    if marked is None or TYPESET_MINUS.search(marked):
        return ""
    return f"Write {marked.strip()!r} as a plain number, such as 1234.5. "


def _on_others(others: Sequence[str], row: int, times: int) -> str:
    """Advice on text among numbers: a second header, or a word that stands for missing values."""
    if len(others) == 1 and row == 1 and times == 1 and others[0].strip():
        return "If row 1 is a second header or holds units, delete that line."
    if len(others) <= MOST_CODES and all(len(value) <= LONGEST_NUMBER for value in others):
        words = ", ".join(in_yaml(value) for value in others)
        return f"If that means missing, write missing: [{words}] under tasks."
    return ""


def _on_decimal_commas(name: str, numbers: Sequence[str]) -> str:
    if not all(DECIMAL_COMMA.fullmatch(value) for value in numbers):
        return ""
    own = f"csv: {{decimal: {{{in_yaml(name)}: ','}}}}"
    everywhere = "If it is a text file with decimal commas, write csv: {decimal: ','} under tasks"
    return f" {everywhere}, or {own} where other columns have decimal points."
