"""Strict reading of table files: CSV, TSV, Parquet and Arrow; a defect of a file is an error, never repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, feather, parquet

from mtl_core.errors import UserError

FEWEST_ROWS = 30
LARGEST_BLOCK = 2**31 - 1


def read_table(path: Path) -> pa.Table:
    """Return the table in the file ``path``: CSV, TSV, Parquet, or Arrow (also called Feather).

    Raises:
        UserError: when there is no such file, or it holds no table with named columns and enough rows.
    """
    name = str(path)
    if "\0" in name or not path.is_file():
        raise UserError(repr(name) if "\0" in name else name, "there is no such file.", "Check the path.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(name, f"nothing reads {path.suffix or 'no suffix'}.", f"Known are {', '.join(READERS)}.")
    if path.stat().st_size == 0:
        raise UserError(name, "the file is empty.", "Write a table into it.")
    try:
        table = reader(path)
        table.validate(full=True)  # invalid UTF-8 would raise much later, and elsewhere
        names = table.column_names
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise UserError(name, f"it cannot be read as {path.suffix}: {reason}.", "Write the file anew.") from None
    return _checked(table, names, name)


def _csv(path: Path, delimiter: str = ",") -> pa.Table:
    # One block, so that a column's type is inferred from all of its rows and not from the first ones.
    block = min(path.stat().st_size + 1, LARGEST_BLOCK)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=block),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(strings_can_be_null=True),
    )


def _checked(table: pa.Table, names: list[str], name: str) -> pa.Table:
    twice = [column for column, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(f"{name}: column {twice[0]!r}", "is there twice.", "Rename or drop one of them.")
    if table.num_columns == 1 and any(mark in names[0] for mark in ";\t|"):
        raise UserError(name, f"the only column is {names[0][:60]!r}.", "Separate the columns by commas.")
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


READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".csv": _csv,
    ".tsv": partial(_csv, delimiter="\t"),
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".ipc": _arrow,
    ".feather": _arrow,
}
