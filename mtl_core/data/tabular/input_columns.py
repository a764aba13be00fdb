"""How each input column of a table became numbers, as far as a new row of that table needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from mtl_core.data.files.by_name import format_of
from mtl_core.data.formats import TextFormat
from mtl_core.data.input_column import InputColumn
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.encoding import ColumnEncoding
from mtl_core.data.tabular.missing_codes import Codes, codes_of, codes_of_dates, is_number, null_words, numeric_codes
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.text_file import NULL_WORDS


def input_columns(
    encodings: Mapping[str, ColumnEncoding],
    columns: Mapping[str, Column],
    missing: Codes,
    written: CsvFormat,
    path: Path,
) -> tuple[InputColumn, ...]:
    """Return what a new row needs of every encoded column, in the order of the encoded columns.

    Args:
        encodings: of the input columns, by name.
        columns: as training read them, by name.
        missing: codes of the study file that stand for a missing value.
        written: how the file is written, if it is text.
        path: of the file.
    """
    is_text_file = isinstance(format_of(path), TextFormat)
    return tuple(
        InputColumn(
            name=name,
            stored=_stored(columns[name].values.type),
            decimal=written.decimal_of(name) if is_text_file else ".",
            missing_words=_words(columns[name], missing, is_text_file=is_text_file),
            missing_numbers=_numbers(columns[name], codes_of(missing, name), is_text_file=is_text_file),
            trim=columns[name].names_things,
            **asdict(encoding),
        )
        for name, encoding in encodings.items()
    )


def _stored(stored: pa.DataType) -> str:
    if pa.types.is_float16(stored) or pa.types.is_float32(stored):
        return "half" if pa.types.is_float16(stored) else "single"
    if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        return "number"
    if pa.types.is_boolean(stored):
        return "boolean"
    return "moment" if pa.types.is_temporal(stored) else "text"


def _words(column: Column, missing: Codes, *, is_text_file: bool) -> tuple[str, ...]:
    words: dict[str, Any] = {}
    if is_text_file:
        of_columns = {"": NULL_WORDS, **null_words(missing, NULL_WORDS)}
        words = dict.fromkeys(of_columns.get(column.name, of_columns[""]))
    if column.is_text and not column.names_things:
        codes = codes_of(missing, column.name)
        words |= dict.fromkeys(code if isinstance(code, str) else exact_text(float(code)) for code in codes)
    return tuple(words)


def _numbers(column: Column, codes: Sequence[Any], *, is_text_file: bool) -> tuple[float, ...]:
    if column.is_date:
        return tuple(codes_of_dates(codes))
    if column.is_text and not column.names_things:
        return ()
    numbers = numeric_codes(codes) if is_text_file else [code for code in codes if is_number(code)]
    return tuple(float(code) for code in numbers)
