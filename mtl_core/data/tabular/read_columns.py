"""The columns of a file, with clean names, and missing where the study file says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.cell_texts import cell_texts, may_say_more
from mtl_core.data.tabular.column_names import without_blanks, without_blanks_around
from mtl_core.data.tabular.columns import Column, columns_of
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.line_breaks import remarks_on_line_breaks
from mtl_core.data.tabular.missing_codes import (
    Code,
    Codes,
    codes_held,
    codes_of,
    null_words,
    numeric_codes,
    without_codes,
)
from mtl_core.data.tabular.odd_headers import remarks_on_headers
from mtl_core.data.tabular.read_table import FEWEST_ROWS, read_table
from mtl_core.data.tabular.row_numbers import index_columns
from mtl_core.data.tabular.several_files import TextFiles, joined_values, name_of, refuse_different_columns
from mtl_core.data.tabular.text_file import NULL_WORDS, TextFile, text_file
from mtl_core.data.tabular.unused_codes import remarks_on_unused_codes
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.errors import UserError


@dataclass(frozen=True)
class FileColumns:
    """The columns of a file, or of several files with the same columns, whose rows stand one below the other.

    Args:
        columns: by name, in the order of the file.
        index: names of those that held the index of a data frame, as the file's metadata say.
        remarks: on names, and on words that are taken as missing.
        num_rows: of each file.
        name: of the files, for messages.
    """

    columns: dict[str, Column]
    index: list[str]
    remarks: list[Remark]
    num_rows: list[int]
    name: str


Text = TextFile | TextFiles


def read_columns(paths: Sequence[Path], written: CsvFormat, missing: Codes, query: str | None = None) -> FileColumns:
    """Return the columns of the files ``paths``, with null for every code of ``missing``.

    Args:
        paths: of files in one format.
        written: how they are written, if they are text.
        missing: codes that stand for a missing value.
        query: which table of a data base, or which of its rows.

    Raises:
        UserError: when a file is no table, two names are one, or the files differ in their columns.
    """
    tables, text = _read_files(paths, written, missing, query)
    table = tables[0] if len(tables) == 1 else _one_table(tables, text, paths)
    file = name_of(paths)
    names, remarks = without_blanks(table.column_names, str(paths[0]))
    columns = columns_of(table.rename_columns(names), file)
    of_text = dict(zip(names, table.column_names, strict=True))
    held: dict[str, set[Code]] = {name: set() for name in names}
    if text:
        held = _text_codes_held(text, of_text, missing)
        remarks += _mark_null_words(columns, text, of_text, missing)
    for name, column in columns.items():
        codes = codes_of(missing, name)
        codes = numeric_codes(codes) if text and column.is_number else codes
        if codes:
            held[name] |= set(codes_held(column, codes))
            columns[name] = without_codes(column, codes)
        if isinstance(missing, Mapping) and name in missing:
            columns[name] = replace(columns[name], codes_are_declared=True)
    remarks += remarks_on_headers(names) + remarks_on_unused_codes(missing, held)
    delimiter = text.written.delimiter_of(paths[0]) if text else ","
    remarks += [remark for column in columns.values() for remark in remarks_on_line_breaks(column, delimiter)]
    if text:
        _add_cells(columns, text, of_text)
    return FileColumns(columns, index_columns(table), remarks, [len(one) for one in tables], file)


def _read_files(
    paths: Sequence[Path], written: CsvFormat, missing: Codes, query: str | None
) -> tuple[list[pa.Table], Text | None]:
    """Return the table of every file, and what of them is text."""
    opened: list[TextFile] = []

    def read_text(path: Path) -> pa.Table:
        opened.append(text_file(path, written, null_words(missing, NULL_WORDS)))
        return opened[-1].table()

    fewest = FEWEST_ROWS if len(paths) == 1 else 1
    tables = [read_table(path, read_text, query, fewest=fewest) for path in paths]
    if len(paths) > 1:
        refuse_different_columns(tables, paths)
    if not opened or len(paths) == 1:
        return tables, opened[0] if opened else None
    return tables, TextFiles(opened, [table.column_names for table in tables])


def _one_table(tables: Sequence[pa.Table], text: Text | None, paths: Sequence[Path]) -> pa.Table:
    table = text.joined(tables) if isinstance(text, TextFiles) else joined_values(tables, paths)
    if len(table) < FEWEST_ROWS:
        raise UserError(name_of(paths), f"they have {len(table)} rows in all.", f"Give at least {FEWEST_ROWS}.")
    return table


def _text_codes_held(file: Text, names: Mapping[str, str], missing: Codes) -> dict[str, set[Code]]:
    """Return the codes that are text, and that the file's own cells hold, by column."""
    wanted = {name: [code for code in codes_of(missing, name) if isinstance(code, str)] for name in names}
    asked = [name for name, codes in wanted.items() if codes]
    held: dict[str, set[Code]] = {name: set() for name in names}
    if asked:
        texts = file.texts([names[name] for name in asked], keep_null_words=True)
        for name in asked:
            held[name] |= set(wanted[name]) & set(texts.column(names[name]).unique().to_pylist())
    return held


def _mark_null_words(columns: dict[str, Column], file: Text, names: Mapping[str, str], codes: Codes) -> list[Remark]:
    """Note at text columns which words like NA are taken as missing, and return a remark on each."""
    by_column = codes if isinstance(codes, Mapping) else {}
    asked = () if isinstance(codes, Mapping) else codes
    doubtful = [
        name
        for name, column in columns.items()
        if column.is_text and not column.is_present.all() and name not in by_column
    ]
    remarks = []
    for name, counts in _null_words(file, [names[name] for name in doubtful]).items():
        for word in asked:
            counts.pop(str(word), None)
        if not counts:
            continue
        shown = ", ".join(f"{word!r} ({number})" for word, number in counts.most_common(3))
        advice = f"If that is a value, write missing: {{{in_yaml(name)}: []}} under tasks."
        note = f"Cells that say {shown} are taken as missing. {advice}"
        columns[name] = replace(columns[name], note=note)
        remarks.append(Remark("missing_word", name, f"Column {name!r}: {note}"))
    return remarks


def _null_words(file: Text, names: Sequence[str]) -> dict[str, Counter[str]]:
    """Count the cells of text columns with a word that is read as missing, such as ``NA``."""
    if not names:
        return {}
    words = set(NULL_WORDS) - {""}
    texts = file.texts(names, keep_null_words=True)
    return {
        without_blanks_around(name): Counter(cell for cell in texts.column(name).to_pylist() if cell in words)
        for name in names
    }


def _add_cells(columns: dict[str, Column], file: Text, names: Mapping[str, str]) -> None:
    """Add to columns that were read as values what their cells say more than the values do."""
    wanted = [name for name, column in columns.items() if not column.is_text and may_say_more(column.values)]
    if not wanted:
        return
    texts = file.texts([names[name] for name in wanted])
    for name in wanted:
        columns[name] = replace(columns[name], written=cell_texts(columns[name].values, texts.column(names[name])))
