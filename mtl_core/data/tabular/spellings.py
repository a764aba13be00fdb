"""Categories and classes that differ in spelling alone."""

from __future__ import annotations

from collections.abc import Iterable

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column

MOST_SHOWN = 3


def remarks_on_spellings(column: Column, names: Iterable[str]) -> list[Remark]:
    """Return a remark where several ``names`` of ``column`` differ in upper and lower case or in blanks alone."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault("".join(name.split()).casefold(), []).append(name)
    groups = [sorted(group) for group in alike.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(", ".join(map(repr, group)) for group in sorted(groups)[:MOST_SHOWN])
    found = f"Column {column.name!r} has values that differ in case or blanks alone: {shown}. Are they one?"
    return [Remark("spelling", column.name, found)]
