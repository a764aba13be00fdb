"""Strict reading of table files: CSV, TSV, Parquet and Arrow; a defect of a file is an error, never repaired."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, feather, parquet

from mtl_core.errors import UserError

FEWEST_ROWS = 30
LARGEST_BLOCK = 2**31 - 1
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class CsvFormat:
    """How a text file is written.

    Args:
        delimiter: what separates the columns; ``None``: a tab in files that end in ``.tsv``, else a comma.
        decimal: the decimal mark.
        encoding: name of the character encoding, as Python knows it.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        for name, value in (("delimiter", self.delimiter), ("decimal", self.decimal)):
            if value is not None and (len(value) != 1 or not value.isascii()):
                raise UserError(f"table: csv.{name}", f"found {value[:20]!r}.", "Write one character, such as ';'.")
        try:
            codecs.lookup(self.encoding)
        except (LookupError, ValueError):
            found = f"{self.encoding[:40]!r} is no encoding."
            raise UserError("table: encoding", found, "Write utf-8, latin-1 or utf-16.") from None

    def delimiter_of(self, path: Path) -> str:
        """Return what separates the columns of the text file ``path``."""
        return self.delimiter or DELIMITERS[path.suffix.lower()]

    @property
    def is_utf8(self) -> bool:
        """Whether the encoding is UTF-8."""
        return codecs.lookup(self.encoding).name == "utf-8"


def read_table(path: Path, written: CsvFormat, own_nulls: Iterable[str] = ()) -> pa.Table:
    """Return the table in the file ``path``: CSV, TSV, Parquet, or Arrow (also called Feather).

    Args:
        written: how a text file is written.
        own_nulls: columns of a text file in which only empty cells are missing, and words like ``NA`` are text.

    Raises:
        UserError: when there is no such file, or it holds no table with named columns and enough rows.
    """
    name = str(path)
    if "\0" in name or not path.is_file():
        raise UserError(repr(name) if "\0" in name else name, "there is no such file.", "Check the path.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(name, f"nothing reads {path.suffix or 'no suffix'}.", f"Known are {', '.join(SUFFIXES)}.")
    if path.stat().st_size == 0:
        raise UserError(name, "the file is empty.", "Write a table into it.")
    try:
        table = BINARY[suffix](path) if suffix in BINARY else _read_text(path, written, set(own_nulls))
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


def cells_with_null_words(path: Path, written: CsvFormat, columns: Sequence[str]) -> dict[str, Counter[str]]:
    """Count, for text ``columns`` of a text file, the cells with a word that is read as missing, such as ``NA``."""
    if path.suffix.lower() not in DELIMITERS or not columns:
        return {}
    text = csv.ConvertOptions(include_columns=columns, column_types=dict.fromkeys(columns, pa.string()))
    table = _csv(path, written, text)
    words = set(csv.ConvertOptions().null_values) - {""}
    found = {
        name: Counter(cell for cell in table.column(name).to_pylist() if cell in words) for name in table.column_names
    }
    return {name: counts for name, counts in found.items() if counts}


def _read_text(path: Path, written: CsvFormat, own_nulls: set[str]) -> pa.Table:
    if written.is_utf8:
        _refuse_what_is_no_utf8(path)
    _refuse_another_delimiter(path, written)
    convert = csv.ConvertOptions(strings_can_be_null=True, decimal_point=written.decimal)
    table = _csv(path, written, convert)
    apart = [name for name in table.column_names if name.strip() in own_nulls]
    if not apart:
        return table
    convert = csv.ConvertOptions(
        strings_can_be_null=True, null_values=[""], decimal_point=written.decimal, include_columns=apart
    )
    again = _csv(path, written, convert)
    for name in apart:
        table = table.set_column(table.column_names.index(name), name, again.column(name))
    return table


def _csv(path: Path, written: CsvFormat, convert: csv.ConvertOptions) -> pa.Table:
    # One block, so that a column's type is inferred from all of its rows and not from the first ones.
    block = min(2 * path.stat().st_size + 1, LARGEST_BLOCK)
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(block_size=block, encoding=written.encoding),
        parse_options=csv.ParseOptions(delimiter=written.delimiter_of(path), newlines_in_values=True),
        convert_options=convert,
    )


def _refuse_what_is_no_utf8(path: Path) -> None:
    """Refuse a text file with a byte that is no UTF-8, which Arrow would take for binary values."""
    where = str(path)
    with path.open("rb") as file:
        for line, content in enumerate(file, start=1):
            if line == 1 and content.startswith(UTF_16_MARKS):
                advice = "Write encoding: utf-16 under tasks, or save it as UTF-8."
                raise UserError(where, "is written in UTF-16.", advice)
            try:
                content.decode("utf-8")
            except UnicodeDecodeError as error:
                found = f"byte {content[error.start]:#04x} in line {line} is no UTF-8 text."
                advice = "Save it as UTF-8, or write encoding: latin-1 under tasks."
                raise UserError(where, found, advice) from None


def _refuse_another_delimiter(path: Path, written: CsvFormat) -> None:
    """Refuse a text file whose first line holds another mark that separates columns, and not the one that is meant."""
    delimiter = written.delimiter_of(path)
    with path.open("rb") as file:
        first = file.readline().decode(written.encoding, "replace")
    others = {mark: first.count(mark) for mark in ";\t|," if mark != delimiter}
    mark, number = max(others.items(), key=lambda item: item[1])
    if number and not first.count(delimiter):
        shown = "a tab" if mark == "\t" else repr(mark)
        advice = f"Write csv: {{delimiter: {mark!r}}} under tasks"
        advice += ", with decimal: ',' if numbers have decimal commas," if mark == ";" else ""
        raise UserError(str(path), f"separates its columns by {shown}.", f"{advice} or separate the columns by commas.")


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


DELIMITERS = {".csv": ",", ".tsv": "\t"}
BINARY: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".ipc": _arrow,
    ".feather": _arrow,
}
SUFFIXES = (*DELIMITERS, *BINARY)
