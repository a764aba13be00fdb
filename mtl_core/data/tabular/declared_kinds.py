"""Kinds of columns that a study file declares: which there are, and which suit a column's role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_core.data.tabular.columns import INPUT_KINDS, TARGET_KINDS, ColumnKind
from mtl_core.errors import UserError


def refuse_unknown_kinds(kinds: Mapping[str, ColumnKind]) -> None:
    """Refuse kinds of columns that there are not.

    Raises:
        UserError: naming the column, and the kinds that there are.
    """
    for name, kind in kinds.items():
        if kind not in (*INPUT_KINDS, *TARGET_KINDS):
            advice = f"Use {', '.join(INPUT_KINDS)} for inputs, {', '.join(TARGET_KINDS)} for targets."
            raise UserError(f"table: kinds.{name}", f"{kind!r} is no kind of column.", advice)


def declared_kind(kinds: Mapping[str, ColumnKind], name: str, allowed: Sequence[str]) -> ColumnKind | None:
    """Return the kind that is declared for the column ``name``; ``None`` where none is.

    Args:
        kinds: by column.
        name: of the column.
        allowed: kinds that suit its role: ``INPUT_KINDS`` or ``TARGET_KINDS``.

    Raises:
        UserError: when the kind does not suit.
    """
    kind = kinds.get(name)
    if kind is not None and kind not in allowed:
        role = "a target" if allowed == TARGET_KINDS else "an input"
        raise UserError(f"table: kinds.{name}", f"{kind!r} is no kind of {role}.", f"Use {', '.join(allowed)}.")
    return kind
