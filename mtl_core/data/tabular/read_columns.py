"""The columns of a file, with clean names, and missing where the study file says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.column_names import without_blanks
from mtl_core.data.tabular.columns import Column, columns_of
from mtl_core.data.tabular.missing_codes import Codes, codes_of, without_codes
from mtl_core.data.tabular.read_table import CsvFormat, cells_with_null_words, read_table
from mtl_core.data.tabular.row_numbers import index_columns


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
    by_column = missing if isinstance(missing, Mapping) else {}
    table = read_table(path, written, by_column)
    names, remarks = without_blanks(table.column_names, str(path))
    columns = columns_of(table.rename_columns(names), path.name)
    text = [
        old
        for old, name in zip(table.column_names, names, strict=True)
        if columns[name].is_text and not columns[name].is_present.all() and name not in by_column
    ]
    for old, counts in cells_with_null_words(path, written, text).items():
        name, shown = old.strip(), ", ".join(f"{word!r} ({number})" for word, number in counts.most_common(3))
        advice = f"If that is a value, write missing: {{{name}: []}} under tasks."
        note = f"Cells that say {shown} are taken as missing. {advice}"
        columns[name] = replace(columns[name], note=note)
        remarks.append(Remark("missing_word", name, f"Column {name!r}: {note}"))
    for name, column in columns.items():
        if codes := codes_of(missing, name):
            columns[name] = without_codes(column, codes)
    return FileColumns(columns, index_columns(table), remarks)
