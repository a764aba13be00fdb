"""Categories and classes that differ in spelling alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column

MOST_SHOWN = 3


def remarks_on_spellings(column: Column, names: Iterable[str]) -> list[Remark]:
    """Return a remark where several ``names`` of ``column`` differ alone in case, in blanks or in their Unicode form.

    An accented letter, for instance, is one character or a letter and an accent; the two look alike on a screen.
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        key = unicodedata.normalize("NFKC", "".join(name.split()).casefold())
        alike.setdefault(key, []).append(name)
    groups = [sorted(group) for group in alike.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(_shown(group) for group in sorted(groups)[:MOST_SHOWN])
    if any(_look_alike(group) for group in groups):
        difference = "case or blanks alone, or in how a letter is encoded"
    else:
        difference = "case or blanks alone"
    found = f"Column {column.name!r} has values that differ in {difference}: {shown}. Are they one?"
    return [Remark("spelling", column.name, found)]


def _look_alike(names: Sequence[str]) -> bool:
    return len({unicodedata.normalize("NFKC", name) for name in names}) < len(names)


def _shown(names: Sequence[str]) -> str:
    """Return the names in quotation marks, with escapes where they cannot be told apart otherwise."""
    return ", ".join(map(ascii if _look_alike(names) else repr, names))
