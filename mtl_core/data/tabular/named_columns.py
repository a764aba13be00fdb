"""Refusal of names in a study file that no column of the table has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mtl_core.data.tabular.column_names import nearest_name, refuse_unmatched
from mtl_core.errors import UserError


def refuse_unknown_columns(
    names: Sequence[str],
    sources: set[str],
    file: str,
    single: Mapping[str, Iterable[str]],
    patterns: Mapping[str, Iterable[str]],
) -> None:
    """Refuse a name that no column has, and a pattern that stands for none.

    Args:
        names: of the columns.
        sources: names of columns that others were made of; they may be named, too.
        file: name of the file, for messages.
        single: names of columns, by the option that holds them.
        patterns: names or patterns, by the option that holds them.

    Raises:
        UserError: naming the option and the nearest column.
    """
    for option, named in single.items():
        for name in named:
            if name not in names and (option == "weights" or name not in sources):
                raise UserError(f"table: {option}", f"{file} has no column {name!r}.", nearest_name(name, names))
    for option, given in patterns.items():
        refuse_unmatched(option, [one for one in given if option != "targets" or one not in sources], names, file)


def refuse_kind_of_groups(groups: str | None, kind: str | None) -> None:
    """Refuse a kind of the column of groups that is neither numbers nor names.

    Raises:
        UserError: naming the column and the kind.
    """
    if kind not in (None, "numeric", "categorical"):
        advice = "Use numeric, where 01 and 1 are one group, or categorical, where they are two."
        raise UserError(f"table: kinds.{groups}", f"{kind!r} is no kind of a column of groups.", advice)
