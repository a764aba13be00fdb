"""What a table's column holds, what it is used for, and what was done to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Role = Literal["input", "target", "task", "group", "test", "weight", "left out"]


@dataclass(frozen=True)
class ColumnFacts:
    """Facts about one column of a user's table.

    Args:
        name: of the column in the file.
        role: what it is used for.
        kind: what its values are taken for, such as ``numeric`` or ``regression``.
        why: the reason for the kind.
        missing: number of missing values.
        distinct: number of different values; ``None`` for nested values, which are not compared.
        smallest: smallest number or date; ``None`` for text and where there is none.
        largest: the counterpart of ``smallest``.
        common: most frequent values of text, with their counts.
        treatment: what was done to the values before training, or why the column is left out.
    """

    name: str
    role: Role
    kind: str
    why: str
    missing: int
    distinct: int | None
    smallest: float | str | None
    largest: float | str | None
    common: tuple[tuple[str, int], ...]
    treatment: str

    def facts(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return asdict(self)
