"""Strict reading of table files: CSV, TSV, Parquet and Arrow; a defect of a file is an error, never repaired."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyarrow import feather, parquet

from mtl_core.data.tabular.csv_format import DELIMITERS
from mtl_core.errors import UserError

FEWEST_ROWS = 30


def read_table(path: Path, text: Callable[[Path], pa.Table]) -> pa.Table:
    """Return the table in the file ``path``: CSV, TSV, Parquet, or Arrow (also called Feather).

    Args:
        path: of the file.
        text: returns the table in a text file.

    Raises:
        UserError: when there is no such file, or it holds no table with named columns and enough rows.
    """
    name = str(path)
    if "\0" in name or not path.is_file():
        advice = "Check the path; ~ and $ in it are not replaced." if set(name) & set("~$") else "Check the path."
        raise UserError(repr(name) if "\0" in name else name, "there is no such file.", advice)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(name, f"nothing reads {path.suffix or 'no suffix'}.", f"Known are {', '.join(SUFFIXES)}.")
    if path.stat().st_size == 0:
        raise UserError(name, "the file is empty.", "Write a table into it.")
    try:
        table = BINARY.get(suffix, text)(path)
        table.validate(full=True)  # text that is no UTF-8 would raise much later, and elsewhere
        list(table.column_names)  # a name that is no UTF-8 is refused here
    except UserError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError(name, f"it cannot be read as {path.suffix}: {reason}.", "Write the file anew.") from None
    if table.num_rows < FEWEST_ROWS:
        raise UserError(name, f"it has {table.num_rows} rows.", f"Give at least {FEWEST_ROWS}.")
    return table


def _parquet(path: Path) -> pa.Table:
    # Not read_table: that takes name=value folders above the file for further columns.
    with parquet.ParquetFile(path) as file:
        return file.read()


def _arrow(path: Path) -> pa.Table:
    with path.open("rb") as file:
        seekable = file.read(6).startswith((b"ARROW1", b"FEA1"))
    if seekable:
        return feather.read_table(path)
    with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
        return stream.read_all()


BINARY: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".ipc": _arrow,
    ".feather": _arrow,
}
SUFFIXES = (*DELIMITERS, *BINARY)
