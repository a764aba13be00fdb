"""Files in every format that the product reads, written from the same columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import feather, parquet

Columns = Mapping[str, Any]


def as_text(columns: Columns, delimiter: str = ",", decimal: str = ".") -> str:
    """Return the text of a file with a header and one line for every row; numbers have all their digits."""
    table = pa.table(dict(columns))
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    lines = [delimiter.join(_quoted(name, delimiter) for name in table.column_names)]
    lines += [delimiter.join(_quoted(_cell(value, decimal), delimiter) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: Any, decimal: str) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).replace(".", decimal)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _quoted(cell: str, delimiter: str) -> str:
    return f'"{cell}"' if delimiter in cell else cell


def write_csv(folder: Path, columns: Columns) -> Path:
    """Write columns separated by commas."""
    return _utf8(folder / "data.csv", as_text(columns))


def write_european_csv(folder: Path, columns: Columns) -> Path:
    """Write columns separated by semicolons, and numbers with decimal commas."""
    return _utf8(folder / "data.csv", as_text(columns, ";", ","))


def write_tsv(folder: Path, columns: Columns) -> Path:
    """Write columns separated by tabs."""
    return _utf8(folder / "data.tsv", as_text(columns, "\t"))


def write_parquet(folder: Path, columns: Columns) -> Path:
    """Write a Parquet file."""
    parquet.write_table(pa.table(dict(columns)), folder / "data.parquet")
    return folder / "data.parquet"


def write_dictionaries(folder: Path, columns: Columns) -> Path:
    """Write a Parquet file in which every column is stored as numbers of a dictionary's entries."""
    table = pa.table(dict(columns))
    encoded = {name: table.column(name).dictionary_encode() for name in table.column_names}
    parquet.write_table(pa.table(encoded), folder / "data.parquet")
    return folder / "data.parquet"


def write_feather(folder: Path, columns: Columns) -> Path:
    """Write a Feather file."""
    feather.write_feather(pa.table(dict(columns)), str(folder / "data.feather"))
    return folder / "data.feather"


def write_stream(folder: Path, columns: Columns) -> Path:
    """Write a stream of Arrow batches."""
    table = pa.table(dict(columns))
    with pa.OSFile(str(folder / "data.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    return folder / "data.arrow"


def _utf8(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def days_from(first: date, number: int) -> list[date]:
    """Return that many days in a row."""
    return [date.fromordinal(first.toordinal() + day) for day in range(number)]


Writer = Callable[[Path, Columns], Path]
EUROPEAN = {"csv": {"delimiter": ";", "decimal": ","}}
TEXT: dict[str, Writer] = {"csv": write_csv, "semicolon csv": write_european_csv, "tsv": write_tsv}
BINARY: dict[str, Writer] = {
    "parquet": write_parquet,
    "parquet, dictionaries": write_dictionaries,
    "feather": write_feather,
    "arrow stream": write_stream,
}
FORMATS = TEXT | BINARY


def options_of(format_name: str) -> dict[str, Any]:
    """Return what the study file has to say of the format."""
    return dict(EUROPEAN) if format_name == "semicolon csv" else {}
