"""Column names that look alike, or that are values: something is wrong with the header."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

from mtl_core.data.remark import Remark

MOST_SHOWN = 3
SHARE = 0.5
"""Share of the names that are fractions or negative from which the header is taken for a row of values."""


def remarks_on_headers(names: Sequence[str]) -> list[Remark]:
    """Return remarks on ``names`` that differ in case, blanks or encoding alone, and on a header of numbers."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_folded(name), []).append(name)
    groups = [group for group in alike.values() if len(group) > 1]
    remarks = []
    for group in groups[:MOST_SHOWN]:
        shown = ", ".join(map(ascii, group))
        text = f"The names {shown} differ in case, blanks or encoding alone. Are they different columns?"
        remarks.append(Remark("header_alike", group[0], text))
    values = [name for name in names if _is_value(name)]
    if values and len(values) >= SHARE * len(names):
        shown = ", ".join(map(repr, values[:MOST_SHOWN]))
        text = f"Names such as {shown} are values: the first line is taken for the header, and its row is lost."
        remarks.append(Remark("no_header", "", f"{text} If it is none, write one above it."))
    return remarks


def _folded(name: str) -> str:
    visible = (letter for letter in name if not letter.isspace() and unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", "".join(visible).casefold())


def _is_value(name: str) -> bool:
    """Whether a name is a number that would not name a column: whole numbers, such as years, may."""
    try:
        number = float(name)
    except ValueError:
        return False
    return math.isfinite(number) and (number < 0 or number != round(number))
