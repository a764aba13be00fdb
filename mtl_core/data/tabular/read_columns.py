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
from mtl_core.data.tabular.read_table import read_table
from mtl_core.data.tabular.row_numbers import index_columns
from mtl_core.data.tabular.text_file import NULL_WORDS, TextFile, text_file
from mtl_core.data.tabular.unused_codes import remarks_on_unused_codes
from mtl_core.data.tabular.yaml_names import in_yaml


@dataclass(frozen=True)
class FileColumns:
    """The columns of a file.

    Args:
        columns: by name, in the order of the file.
        index: names of those that held the index of a data frame, as the file's metadata say.
        remarks: on names, and on words that are taken as missing.
    """

    columns: dict[str, Column]
    index: list[str]
    remarks: list[Remark]


def read_columns(path: Path, written: CsvFormat, missing: Codes) -> FileColumns:
    """Return the columns of the file ``path``, with null for every code of ``missing``.

    Raises:
        UserError: when the file is no table, or two names are one.
    """
    opened: list[TextFile] = []

    def read_text(path: Path) -> pa.Table:
        opened.append(text_file(path, written, null_words(missing, NULL_WORDS)))
        return opened[0].table()

    table = read_table(path, read_text)
    names, remarks = without_blanks(table.column_names, str(path))
    columns = columns_of(table.rename_columns(names), path.name)
    of_text = dict(zip(names, table.column_names, strict=True))
    held: dict[str, set[Code]] = {name: set() for name in names}
    if opened:
        held = _text_codes_held(opened[0], of_text, missing)
        remarks += _mark_null_words(columns, opened[0], of_text, missing)
    for name, column in columns.items():
        codes = codes_of(missing, name)
        codes = numeric_codes(codes) if opened and column.is_number else codes
        if codes:
            held[name] |= set(codes_held(column, codes))
            columns[name] = without_codes(column, codes)
        if isinstance(missing, Mapping) and name in missing:
            columns[name] = replace(columns[name], codes_are_declared=True)
    remarks += remarks_on_headers(names) + remarks_on_unused_codes(missing, held)
    delimiter = opened[0].written.delimiter_of(path) if opened else ","
    remarks += [remark for column in columns.values() for remark in remarks_on_line_breaks(column, delimiter)]
    if opened:
        _add_cells(columns, opened[0], of_text)
    return FileColumns(columns, index_columns(table), remarks)


def _text_codes_held(file: TextFile, names: Mapping[str, str], missing: Codes) -> dict[str, set[Code]]:
    """Return the codes that are text, and that the file's own cells hold, by column."""
    wanted = {name: [code for code in codes_of(missing, name) if isinstance(code, str)] for name in names}
    asked = [name for name, codes in wanted.items() if codes]
    held: dict[str, set[Code]] = {name: set() for name in names}
    if asked:
        texts = file.texts([names[name] for name in asked], keep_null_words=True)
        for name in asked:
            held[name] |= set(wanted[name]) & set(texts.column(names[name]).unique().to_pylist())
    return held


def _mark_null_words(
    columns: dict[str, Column], file: TextFile, names: Mapping[str, str], codes: Codes
) -> list[Remark]:
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


def _null_words(file: TextFile, names: Sequence[str]) -> dict[str, Counter[str]]:
    """Count the cells of text columns with a word that is read as missing, such as ``NA``."""
    if not names:
        return {}
    words = set(NULL_WORDS) - {""}
    texts = file.texts(names, keep_null_words=True)
    return {
        without_blanks_around(name): Counter(cell for cell in texts.column(name).to_pylist() if cell in words)
        for name in names
    }


def _add_cells(columns: dict[str, Column], file: TextFile, names: Mapping[str, str]) -> None:
    """Add to columns that were read as values what their cells say more than the values do."""
    wanted = [name for name, column in columns.items() if not column.is_text and may_say_more(column.values)]
    if not wanted:
        return
    texts = file.texts([names[name] for name in wanted])
    for name in wanted:
        columns[name] = replace(columns[name], written=cell_texts(columns[name].values, texts.column(names[name])))
