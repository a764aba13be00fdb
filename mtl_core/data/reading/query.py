"""Which rows of a data base are meant: a query, the name of a table, or its only table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mtl_core.errors import UserError

MOST_NAMED = 8


def one_table(names: Sequence[str], query: str | None, path: Path) -> str:
    """Return the query that is meant.

    Args:
        names: of the tables and views of the data base.
        query: a ``SELECT``, the name of a table, or ``None`` where there is only one.
        path: of the data base, for messages.

    Raises:
        UserError: when no such table is there, or several are and none is named.
    """
    shown = ", ".join(map(repr, names[:MOST_NAMED])) or "none"
    if query is None:
        if len(names) != 1:
            found = f"it holds {len(names)} tables: {shown}."
            raise UserError(str(path), found, "Name one, or write a SELECT: query: … under tasks, or --query.")
        return f'SELECT * FROM "{_quoted(names[0])}"'
    if query in names:
        return f'SELECT * FROM "{_quoted(query)}"'
    if not re.match(r"\s*(select|with|from|values)\b", query, re.IGNORECASE):
        found = f"{query[:60]!r} is neither a table of it ({shown}) nor a SELECT."
        raise UserError(f"{path}: query", found, "Name a table, or write a SELECT.")
    return query


def _quoted(name: str) -> str:
    return name.replace('"', '""')
