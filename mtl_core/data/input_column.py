"""An input column of a table: how its cells become numbers, for rows that come after training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class InputColumn:
    """How the cells of an input column become numbers.

    Args:
        name: of the column in the file.
        kind: ``numeric``, ``boolean``, ``categorical`` or ``date``.
        stored: how training found the values stored: ``text``, ``number``, ``single`` or ``half`` (of lower precision),
            ``boolean`` or ``moment``.
        decimal: the decimal mark of a text file.
        missing_words: cells that are missing.
        missing_numbers: numbers that stand for a missing value; of dates, in days since 1970.
        trim: whether blanks around the text of a cell do not count.
        origin: what is subtracted from numbers in float64.
        categories: those with a 0/1 column of their own, in order; a category that is nowhere has 0 in all.
        rest: categories that have one 0/1 column in common; empty: there is no such column.
        indicator: whether a last 0/1 column says that the value is missing.
    """

    name: str
    kind: str
    stored: str
    decimal: str
    missing_words: tuple[str, ...]
    missing_numbers: tuple[float, ...]
    trim: bool
    origin: float = 0.0
    categories: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    indicator: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return asdict(self)
