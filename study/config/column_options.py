"""``--kind 'y_*=regression'`` and ``--metric 'y_*=auroc'``: values for columns of a table, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl_core.errors import UserError
from study.config.spec import OF_DATA


def with_columns(tasks: Any, key: str, flag: str, given: Sequence[str], what: str) -> None:
    """Put what a repeated flag gives to columns into the ``tasks`` section of a study file, in place.

    Args:
        tasks: content of the section.
        key: where the values go, such as ``kinds``.
        flag: as on the command line, such as ``--kind``.
        given: what was written behind the flag, each of the form ``COLUMN=VALUE``; a column may be a pattern.
        what: the study file, for messages.

    Raises:
        UserError: when a text is not of that form, gives a column a second value, or there is no table.
    """
    seen: dict[str, str] = {}
    for text in given:
        where = f"{flag} {text}"
        column, equals, value = (part.strip() for part in text.rpartition("="))
        if not (equals and column and value):
            raise UserError(where, "this is not of the form COLUMN=VALUE.", f"Write it like {flag} {_EXAMPLES[key]}.")
        if not isinstance(tasks, dict) or tasks.get("set") not in OF_DATA:
            raise UserError(where, f"{what} does not read a table.", f"Leave {flag} out.")
        values = tasks.setdefault(key, {})
        if not isinstance(values, dict):
            raise UserError(where, f"{key} of {what} holds no 'column: value' lines.", "Write them so, or take it out.")
        if seen.setdefault(column, value) != value:
            raise UserError(where, f"{column!r} is {seen[column]!r} already.", "Keep one of the two.")
        values[column] = value


_EXAMPLES = {"kinds": "'y_*=regression'", "metrics": "'y_*=auroc'", "losses": "'y_*=my_losses:pinball'"}
