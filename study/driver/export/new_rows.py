"""New rows to predict, read from a file in the form that a model takes."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mtl_core.data.files.by_name import TABLES, format_of, suffixes
from mtl_core.data.formats import ArrayFormat, TextFormat
from mtl_core.data.tabular.csv_format import CsvFormat
from mtl_core.data.tabular.text_file import text_file
from mtl_core.errors import UserError
from mtl_core.network.portable.model import InputError, Predictor, clean, columns_of_text

INPUTS = ("inputs", "x", "X", "x_test")
"""Names of the array with the inputs in a file that holds several, the first that is there."""


def read_new_rows(path: Path, predictor: Predictor) -> Any:
    """Return the rows of a file as :meth:`mtl_core.network.portable.model.Predictor.predict` takes them.

    A table becomes a dictionary of columns: text of cells from CSV and TSV, values from Parquet and Arrow.

    Raises:
        UserError: when there is no such file, or it is not of the kind that the model was trained on.
    """
    if "\0" in str(path) or not path.is_file():
        raise UserError(str(path), "there is no such file.", "Check the path.")
    suffix, own = path.suffix.lower(), format_of(path)
    if not isinstance(own, TABLES if predictor.columns else ArrayFormat):
        wanted = suffixes(*TABLES) if predictor.columns else suffixes(ArrayFormat)
        kind = "a table" if predictor.columns else f"arrays of {' x '.join(map(str, predictor.shape))} numbers"
        found = f"the model was trained on {kind}, and this ends in {suffix or 'no suffix'}."
        raise UserError(str(path), found, f"Give a file that ends in {', '.join(wanted)}.")
    try:
        if isinstance(own, TextFormat):
            return _text(path, predictor)
        if isinstance(own, ArrayFormat):
            return _array(path, own, predictor.shape)
        return _binary(path, own)
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        if isinstance(error, UserError):
            raise
        reason = (str(error).strip().splitlines() or ["it is empty"])[0][:200]
        raise UserError(str(path), f"it cannot be read as {suffix}: {reason}.", "Write the file anew.") from error


def _array(path: Path, own: ArrayFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Return the inputs among the arrays of a file, those of images with channels first, as ``shape`` has them."""
    found = own.arrays(path)
    name = next((name for name in INPUTS if name in found), None)
    if name is None and len(found) == 1:
        name = next(iter(found))
    if name is None:
        advice = f"Save one array, or call it {INPUTS[0]}."
        raise UserError(str(path), f"it holds {len(found)} arrays: {', '.join(list(found)[:5])}.", advice)
    array = found[name]
    if array.ndim == 4 and array.shape[1:] != shape == (array.shape[3], *array.shape[1:3]):
        return np.moveaxis(array, 3, 1)
    return array


def _text(path: Path, predictor: Predictor) -> dict[str, list[str]]:
    written = CsvFormat(predictor.delimiter, encoding=predictor.encoding)
    content, delimiter = text_file(path, written, {}, is_settled=True).content, written.delimiter_of(path)
    text = content.decode("utf-8-sig")  # a byte-order mark before a quoted name would hide the quotes
    try:
        return columns_of_text(io.StringIO(text, newline=""), delimiter)
    except InputError as error:
        where = str(path) if error.where == "the table" else f"{path}: {error.where}"
        raise UserError(where, error.found, error.remedy) from error


def _binary(path: Path, own: Any) -> dict[str, list[Any]]:
    table = own.table(path)
    names = _names(path, table.column_names)
    return {name: table.column(place).to_pylist() for place, name in enumerate(names)}


def _names(path: Path, names: list[str]) -> list[str]:
    cleaned = [clean(name) for name in names]
    twice = [name for name, count in Counter(cleaned).items() if count > 1 and name]
    if twice:
        raise UserError(f"{path}: column {twice[0]!r}", "is there twice.", "Rename or drop one of them.")
    return cleaned
