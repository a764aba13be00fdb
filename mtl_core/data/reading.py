"""Files of rows and columns, read strictly: what is wrong with a file is said, never guessed around."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, feather, parquet

from mtl_core.mistakes import Mistake

FEWEST_ROWS = 30
LARGEST_BLOCK = 2**31 - 1


def read_table(path: Path) -> pa.Table:
    """The table in the file ``path``: CSV, Parquet, or Arrow (also called Feather).

    Raises:
        Mistake: when there is no such file, or it is no table with named columns and enough rows.
    """
    name = str(path)
    if "\0" in name or not path.is_file():
        raise Mistake(repr(name) if "\0" in name else name, "there is no such file.", "Check the path.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Mistake(name, f"nothing reads {path.suffix or 'no suffix'}.", f"Known are {', '.join(READERS)}.")
    if path.stat().st_size == 0:
        raise Mistake(name, "the file is empty.", "Write a table into it.")
    try:
        table = reader(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise Mistake(name, f"it cannot be read as {path.suffix}: {reason}.", "Write the file anew.") from None
    return _checked(table, name)


def _csv(path: Path) -> pa.Table:
    # One block, so that a column's type is inferred from all of its rows and not from the first ones.
    block = min(path.stat().st_size + 1, LARGEST_BLOCK)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=block),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(strings_can_be_null=True),
    )


def _checked(table: pa.Table, name: str) -> pa.Table:
    twice = [column for column, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise Mistake(f"{name}: column {twice[0]!r}", "is there twice.", "Rename or drop one of them.")
    if table.num_columns == 1 and any(mark in table.column_names[0] for mark in ";\t|"):
        raise Mistake(name, f"the only column is {table.column_names[0][:60]!r}.", "Separate the columns by commas.")
    if table.num_rows < FEWEST_ROWS:
        raise Mistake(name, f"it has {table.num_rows} rows.", f"Give at least {FEWEST_ROWS}.")
    return table


READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".csv": _csv,
    ".parquet": lambda path: parquet.ParquetFile(path).read(),
    ".arrow": lambda path: feather.read_table(path),
    ".feather": lambda path: feather.read_table(path),
}
