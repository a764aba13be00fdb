"""Categories and classes that differ in spelling alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column

MOST_SHOWN = 3


def remarks_on_spellings(column: Column, names: Iterable[str], *, kind: str = "spelling") -> list[Remark]:
    """Return a remark where several ``names`` of ``column`` differ alone in case, in blanks or in their Unicode form.

    An accented letter, for instance, is one character or a letter and an accent; the two look alike on a screen.
    In a column of text, names that are one number, such as 01 and 1, are remarked upon, too.

    Args:
        column: that the names are from.
        names: without repetition.
        kind: of the remark.
    """
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_key(column, name), []).append(name)
    groups = [sorted(group) for group in alike.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(_shown(group) for group in sorted(groups)[:MOST_SHOWN])
    difference = "case or blanks alone"
    if any(_look_alike(group) for group in groups):
        difference += ", or in how a letter is encoded"
    if any(_number(name) is not None for group in groups for name in group):
        difference += ", or in how a number is written"
    found = f"Column {column.name!r} has values that differ in {difference}: {shown}. Are they one?"
    return [Remark(kind, column.name, found)]


def _key(column: Column, name: str) -> str:
    """Return what names that differ in spelling alone have in common."""
    if column.is_text and not column.names_things and (number := _number(name)) is not None:
        return repr(number)
    visible = "".join(letter for letter in name if not letter.isspace() and unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible.casefold())


def _number(name: str) -> Decimal | None:
    """Return the exact number that a text is; ``None`` where it is none."""
    if not any(letter.isdigit() for letter in name):
        return None
    try:
        return Decimal(name.strip()).normalize()
    except InvalidOperation:
        return None


def _look_alike(names: Sequence[str]) -> bool:
    return len({unicodedata.normalize("NFKC", name) for name in names}) < len(names)


def _shown(names: Sequence[str]) -> str:
    """Return the names in quotation marks, with escapes where they cannot be told apart otherwise."""
    return ", ".join(map(ascii if _look_alike(names) else repr, names))
