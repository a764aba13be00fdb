"""Values that a study file gives to columns by name or by pattern, such as ``kinds: {'y_*': regression}``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from mtl_core.data.tabular.column_names import nearest_name, refuse_unmatched, selected
from mtl_core.errors import UserError

Value = TypeVar("Value")


def by_column(option: str, values: Mapping[str, Value], names: Sequence[str], file: str) -> dict[str, Value]:
    """Return the value of every column that ``values`` names, in the order of ``names``.

    A column's own name goes before any pattern.  Several patterns may stand for one column where they agree.

    Args:
        option: key of the study file, for messages.
        values: by name, or by pattern as in :func:`mtl_core.data.tabular.column_names.selected`.
        names: of the columns.
        file: where the columns are, for messages.

    Raises:
        UserError: when a pattern stands for no column, or two patterns give one column different values.
    """
    refuse_unmatched(option, values, names, file)
    own = {name: values[name] for name in names if name in values}
    patterns: dict[str, str] = {}
    for pattern in values:
        for name in selected([pattern], names):
            other = patterns.setdefault(name, pattern)
            if name not in own and values[other] != values[pattern]:
                said = f"{other!r} says {values[other]!r} and {pattern!r} says {values[pattern]!r}"
                advice = f"Name the column itself under {option}, which goes before patterns, or narrow one of the two."
                raise UserError(f"table: {option}", f"for column {name!r}, {said}.", advice)
    return {name: own[name] if name in own else values[patterns[name]] for name in names if name in patterns}


def one_column(option: str, pattern: str, names: Sequence[str], file: str) -> str:
    """Return the only column that a name or a pattern stands for.

    Raises:
        UserError: when it stands for no column, or for several.
    """
    found = selected([pattern], names)
    if not found:
        raise UserError(f"table: {option}", f"{file} has no column {pattern!r}.", nearest_name(pattern, names))
    if len(found) > 1:
        shown = ", ".join(map(repr, found[:5]))
        raise UserError(f"table: {option}", f"{pattern!r} stands for {len(found)} columns: {shown}.", "Name one.")
    return found[0]
