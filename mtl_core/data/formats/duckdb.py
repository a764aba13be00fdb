"""DuckDB data bases, where the library ``duckdb`` is installed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.data.formats import TableFormat
from mtl_core.data.reading.query import one_table
from mtl_core.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

CLOSED = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
"""Settings with which a query reads this file alone, and fetches nothing."""


class Duckdb(TableFormat):
    """A table of a DuckDB data base, or the rows and columns of a query, where ``mtl-study[duckdb]`` is installed.

    Source: https://duckdb.org.
    """

    suffixes = (".duckdb", ".ddb")
    takes_query = True

    def table(self, path: Path, query: str | None = None) -> pa.Table:
        """Return the rows of ``query``; without one the only table of the data base.

        Raises:
            UserError: when the library is missing, there are several tables and no query, or DuckDB refuses it.
        """
        try:
            duckdb: Any = importlib.import_module("duckdb")
        except ImportError:
            advice = "Install it: pip install 'mtl-study[duckdb]'; or write the table as Parquet."
            raise UserError(str(path), "it takes the library duckdb, which is not installed.", advice) from None
        where = f"{path}: query" if query else str(path)
        try:
            with duckdb.connect(str(path), read_only=True, config=CLOSED) as base:
                base.execute("SET lock_configuration = true")
                found = base.execute(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY 1"
                ).fetchall()
                rows = base.sql(one_table([name for (name,) in found], query, path))
                if rows is None:
                    raise UserError(where, "it gives no rows.", "Write one SELECT, or the name of a table.")
                return rows.to_arrow_table()
        except duckdb.Error as error:
            reason = (str(error).strip().splitlines() or ["nothing"])[0][:200]
            raise UserError(where, f"DuckDB says: {reason}.", "Write one SELECT, or the name of a table.") from None
