"""Strict reading of files with a table, in any format of the registry; a defect is an error and never repaired."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from mtl_core.data.files.by_name import TABLES, format_of, suffixes
from mtl_core.data.formats import TableFormat, TextFormat
from mtl_core.errors import UserError

FEWEST_ROWS = 30


def read_table(path: Path, text: Callable[[Path], pa.Table], query: str | None = None, *, fewest: int = 0) -> pa.Table:
    """Return the table in the file ``path``.

    Args:
        path: of the file.
        text: returns the table in a text file.
        query: which table of a data base, or which of its rows; ``None``: the only one.
        fewest: rows that the table needs; 0: :data:`FEWEST_ROWS`.

    Raises:
        UserError: when there is no such file, or it holds no table with named columns and enough rows.
    """
    name = str(path)
    if "\0" in name or not path.is_file():
        advice = "Check the path; ~ and $ in it are not replaced." if set(name) & set("~$") else "Check the path."
        raise UserError(repr(name) if "\0" in name else name, "there is no such file.", advice)
    own = format_of(path)
    if not isinstance(own, TABLES):
        known = ", ".join(suffixes(*TABLES))
        raise UserError(name, f"nothing reads {path.suffix or 'no suffix'} as a table.", f"Known are {known}.")
    if path.stat().st_size == 0:
        raise UserError(name, "the file is empty.", "Write a table into it.")
    if query is not None and not (isinstance(own, TableFormat) and own.takes_query):
        raise UserError("table: query", f"{path.name} is no data base.", "Take query out, or name a data base.")
    table = _read(path, own, text, query)
    if table.num_rows < (fewest or FEWEST_ROWS):
        raise UserError(name, f"it has {table.num_rows} rows.", f"Give at least {fewest or FEWEST_ROWS}.")
    return table


def _read(path: Path, own: TextFormat | TableFormat, text: Callable[[Path], pa.Table], query: str | None) -> pa.Table:
    try:
        table = text(path) if isinstance(own, TextFormat) else own.table(path, query)
        table.validate(full=True)  # text that is no UTF-8 would raise much later, and elsewhere
        list(table.column_names)  # a name that is no UTF-8 is refused here
    except UserError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError(str(path), f"it cannot be read as {path.suffix}: {reason}.", "Write the file anew.") from None
    return table
