"""SQLite data bases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from mtl_core.data.formats import TableFormat
from mtl_core.data.reading.query import one_table
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
"""What a query may do: it may read, and neither write nor attach another file."""
TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite@_%' ESCAPE '@'"
FORBIDDEN_FUNCTIONS = {"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"}


class Sqlite(TableFormat):
    """A table of a SQLite data base, or the rows and columns of a query, read without writing.

    Source: https://www.sqlite.org.
    """

    suffixes = (".db", ".sqlite", ".sqlite3")
    takes_query = True

    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the rows of ``query``; without one the only table of the data base.

        Raises:
            UserError: when there are several tables and no query, or the query does anything but read.
        """
        from mtl_core.data.reading.rows import table_of_rows  # Here, because it loads pyarrow.

        where = f"{path}: query" if query else str(path)
        _refuse_unfinished(path)
        address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(address, uri=True)) as base:
                base.execute("PRAGMA trusted_schema = OFF")
                base.execute("PRAGMA cell_size_check = ON")
                names = [name for (name,) in base.execute(TABLES)]
                base.set_authorizer(_only_reads)
                return table_of_rows(base.execute(one_table(names, query, path)), where)
        except (sqlite3.Error, sqlite3.Warning) as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            advice = "Write one SELECT, or the name of a table." if query else "Write the file anew."
            raise UserError(where, f"SQLite says: {reason}.", advice) from None


def _refuse_unfinished(path: Path) -> None:
    """Refuse a data base whose newest rows stand in a file beside it, which is not read: that would take writing."""
    for ending in ("-wal", "-journal"):
        log = path.with_name(path.name + ending)
        if log.is_file() and log.stat().st_size:
            found = f"a program may be writing to it: there is {log.name}."
            raise UserError(str(path), found, "Close that program, or copy the data base with VACUUM INTO.")


def _only_reads(action: int, first: str | None, second: str | None, base: str | None, trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
