"""A text file with a table: its bytes, read once, and what Arrow makes of them."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from mtl_core.data.reading.arrow_memory import reader_of
from mtl_core.data.reading.compression import unpacked
from mtl_core.data.tabular.column_names import without_blanks_around
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.other_contents import refuse_nul_bytes, refuse_other_contents
from mtl_core.data.tabular.ragged_lines import refuse_ragged_lines
from mtl_core.errors import UserError

LARGEST_BLOCK = 2**31 - 1
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LINES_LOOKED_AT = 20
NULL_WORDS = tuple(csv.ConvertOptions().null_values)
"""Cells that are read as missing unless the study file says otherwise; an empty cell is among them."""


@dataclass(frozen=True)
class TextFile:
    """The content of a text file, which every later look at the file goes back to.

    A file that is written to meanwhile would otherwise give types, texts and numbers that do not belong together.

    Args:
        path: of the file.
        written: how it is written.
        content: its text in UTF-8.
        null_words: for every column by name the cells that are missing; ``""`` stands for all others.
    """

    path: Path
    written: CsvFormat
    content: bytes
    null_words: Mapping[str, Sequence[str]]

    def table(self) -> pa.Table:
        """Return the table, with the types that Arrow infers from all rows.

        Raises:
            UserError: where lines do not have as many columns as the header.
        """
        table = self._read(self._convert("", self.written.decimal_of("")))
        apart: dict[tuple[str, str], list[str]] = {}
        for name in table.column_names:
            key = (self._null_words_of(name), self.written.decimal_of(without_blanks_around(name)))
            apart.setdefault(key, []).append(name)
        for key, names in apart.items():
            if key != ("", self.written.decimal_of("")):
                again = self._read(self._convert(*key, include_columns=names))
                for name in names:
                    table = table.set_column(table.column_names.index(name), name, again.column(name))
        return table

    def texts(self, names: Sequence[str], *, keep_null_words: bool = False) -> pa.Table:
        """Return columns as the text of their cells.

        Args:
            names: of the columns, as in the file.
            keep_null_words: return words like ``NA``, which are missing otherwise, as text.
        """
        text = {"include_columns": list(names), "column_types": dict.fromkeys(names, pa.string())}
        if keep_null_words:
            return self._read(csv.ConvertOptions(**text))
        apart: dict[str, list[str]] = {}
        for name in names:
            apart.setdefault(
                without_blanks_around(name) if without_blanks_around(name) in self.null_words else "", []
            ).append(name)
        parts = [self._read(self._convert(key, ".", **(text | {"include_columns": own}))) for key, own in apart.items()]
        return pa.table({name: part.column(name) for part in parts for name in part.column_names}).select(list(names))

    def columns_as(self, types: Mapping[str, pa.DataType]) -> pa.Table:
        """Return columns with the types that are given for them, by their names in the file."""
        apart: dict[tuple[str, str], list[str]] = {}
        for name in types:
            key = (self._null_words_of(name), self.written.decimal_of(without_blanks_around(name)))
            apart.setdefault(key, []).append(name)
        parts = [
            self._read(self._convert(*key, include_columns=names, column_types={name: types[name] for name in names}))
            for key, names in apart.items()
        ]
        return pa.table({name: part.column(name) for part in parts for name in part.column_names})

    def _null_words_of(self, name: str) -> str:
        """Return the key in ``null_words`` of the column that the file calls ``name``."""
        clean = without_blanks_around(name)
        return clean if clean in self.null_words else ""

    def _convert(self, column: str, decimal: str, **options: object) -> csv.ConvertOptions:
        words = list(self.null_words[column])
        return csv.ConvertOptions(strings_can_be_null=True, null_values=words, decimal_point=decimal, **options)  # pyright: ignore[reportArgumentType]

    def _read(self, convert: csv.ConvertOptions) -> pa.Table:
        # One block, so that a column's type is inferred from all of its rows and not from the first ones.
        block = min(2 * len(self.content) + 1, LARGEST_BLOCK)
        parse = {"delimiter": self.written.delimiter_of(self.path), "newlines_in_values": True}
        options = {"read_options": csv.ReadOptions(block_size=block), "convert_options": convert}
        try:
            return csv.read_csv(
                reader_of(self.content),
                parse_options=csv.ParseOptions(**parse),  # pyright: ignore[reportArgumentType]
                **options,
            )
        except pa.ArrowInvalid:
            refuse_ragged_lines(self.path, self.content, parse)
            raise


def text_file(
    path: Path, written: CsvFormat, null_words: Mapping[str, Sequence[str]], *, is_settled: bool = False
) -> TextFile:
    """Return the content of the text file ``path``.

    Args:
        path: of the file.
        written: how it is written.
        null_words: for columns by name the only cells that are missing; ``""``, where it is there, stands for others.
        is_settled: whether ``written`` was settled before, by the model that is to read the file, so that no study file
            changes it.

    Raises:
        UserError: when it is no text in its encoding, columns are separated otherwise, or it changes meanwhile.
    """
    before = path.stat()
    with path.open("rb") as file:
        content = file.read()
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise UserError(str(path), "it changed while it was read.", "Wait until it is written, and try again.")
    content = unpacked(path, content)
    if written.is_utf8:
        refuse_other_contents(path, content)
    content = _utf8(path, written, content, is_settled=is_settled)
    refuse_nul_bytes(path, content)
    _refuse_another_delimiter(path, written, content, is_settled=is_settled)
    return TextFile(path, written, content, {"": NULL_WORDS, **null_words})


def _utf8(path: Path, written: CsvFormat, content: bytes, *, is_settled: bool) -> bytes:
    if not written.is_utf8:
        try:
            return codecs.decode(content, written.encoding).encode()
        except (UnicodeError, LookupError, TypeError) as error:
            found = f"it is not written in {written.encoding}: {str(error)[:120]}."
            other = f"{_setting('encoding', '…')}, or save it as UTF-8."
            raise UserError(str(path), found, f"Save it as {written.encoding}." if is_settled else other) from None
    if content.startswith(UTF_16_MARKS):
        advice = "Save it as UTF-8." if is_settled else f"{_setting('encoding', 'utf-16')}, or save it as UTF-8."
        raise UserError(str(path), "is written in UTF-16.", advice)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {content[error.start]:#04x} in line {line} is no UTF-8 text."
        advice = "Save it as UTF-8." if is_settled else f"{_setting('encoding', 'latin-1')}, or save it as UTF-8."
        raise UserError(str(path), found, advice) from None
    return content


def _setting(key: str, value: str) -> str:
    """Say how a study file, or a command that has none, states how a text file is written."""
    return f'Write {key}: {value} under tasks, or add --set "tasks.{key}={value}"'


def _refuse_another_delimiter(path: Path, written: CsvFormat, content: bytes, *, is_settled: bool) -> None:
    """Refuse a file whose lines hold another mark that separates columns, and whose first one lacks what is meant."""
    delimiter = written.delimiter_of(path)
    first, *others = content[: 2**16].decode("utf-8", "replace").splitlines()[:LINES_LOOKED_AT] or [""]
    counts = {mark: first.count(mark) for mark in ";\t|," if mark != delimiter}
    mark, number = max(counts.items(), key=lambda item: item[1])
    if not number or first.count(delimiter) or 2 * sum(mark in line for line in others) < len(others):
        return
    shown = "a tab" if mark == "\t" else repr(mark)
    usual = {",": "commas", "\t": "tabs"}.get(delimiter, repr(delimiter))
    advice = f"Separate them by {usual}, as the table that the model was trained on."
    if not is_settled:
        advice = f"{_setting('csv', f'{{delimiter: {mark!r}}}')}, or separate the columns by {usual}."
        advice += " Numbers with decimal commas need decimal: ',' there, too." if mark == ";" else ""
    raise UserError(str(path), f"separates its columns by {shown}.", advice)
