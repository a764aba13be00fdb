"""Text most of which is numbers or dates: refused, with how to write it or what to declare."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError

NUMBER = re.compile(r"\s*[-+\u2212\u2013]?[$€£]?\s*(\d[\d.,' ]*|\.\d+)(e[-+\u2212\u2013]?\d+)?\s*%?\s*", re.IGNORECASE)
DATE = re.compile(r"\s*\d{1,4}([./])\d{1,2}\1\d{1,4}(\s+\d{1,2}:\d\d(:\d\d)?)?\s*")
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
    dates = [value for value in seen if DATE.fullmatch(value)]
    if 2 * len(dates) > len(seen):
        found = f"holds dates written like {dates[0][:40]!r}."
        advice = "Write dates like 2023-01-31, ignore the column, or declare another kind under kinds."
        raise UserError(where, found, advice)
    if 2 * len(numbers) <= len(seen):
        return
    *kinds, last = (kind for kind in allowed if kind not in ("boolean", "date"))
    advice = f"Clean it, ignore it, or declare it {', '.join(kinds)} or {last} under kinds."
    typeset = next((value for value in numbers if TYPESET_MINUS.search(value)), None)
    if typeset is not None:
        numbers, advice = [typeset], f"Its minus is a typographic sign: write '-'. {advice}"
    if others:
        row = pc.index(values, pa.scalar(others[0], values.type)).as_py() + 1  # pyright: ignore[reportAttributeAccessIssue]
        mixed = f"holds numbers and text such as {others[0][:40]!r} in row {row}"
        advice = f"{_on_others(others, row)} {advice}".strip()
    else:
        mixed = "holds numbers written as text"
        advice += _on_decimal_commas(name, numbers)
    raise UserError(where, f"{mixed} (for instance {numbers[0][:40]!r}).", advice)


def _on_others(others: Sequence[str], row: int) -> str:
    """Advice on text among numbers: a second header, or a word that stands for missing values."""
    if len(others) == 1 and row == 1:
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
