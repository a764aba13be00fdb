"""Encoding of input columns: numbers stay as they are, categories become one 0/1 column each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.columns import Column, InputKind
from mtl_core.data.tabular.dates_in_digits import remarks_on_dates_in_digits
from mtl_core.data.tabular.float32_columns import as_float32
from mtl_core.data.tabular.missing_codes import remarks_on_numbers
from mtl_core.data.tabular.missing_words import remarks_on_missing_words
from mtl_core.data.tabular.number_text import exact_text
from mtl_core.data.tabular.spellings import remarks_on_spellings
from mtl_core.errors import UserError

MOST_CATEGORIES = 50
"""Largest number of categories of a column that get a 0/1 column of their own."""
ID_SHARE = 0.5
"""Share of distinct values, of a column's rows, beyond which text is taken for row names and left out.

Text with at most ``MOST_CATEGORIES`` distinct values is always kept.
"""
LEFT_OUT = "left out: "
"""What the treatment of a column begins with that is no input."""


@dataclass(frozen=True)
class ColumnEncoding:
    """Encoding of one column, as :class:`mtl_core.data.input_column.InputColumn` describes it."""

    kind: InputKind
    origin: float = 0.0
    categories: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    indicator: bool = False


@dataclass
class Encoded:
    """Encoded input columns, collected one by one.

    Args:
        columns: one array per encoded column.
        standardise: for each encoded column, whether training standardises it.
        origins: for each encoded column, what was subtracted from it in float64, see
            :mod:`mtl_core.data.tabular.float32_columns`.
        remarks: sentences for the user about the encoding.
        treatments: what was done to each column of the file, by name.
        constant: names of columns with one and the same value in all rows that are learnt from.
        encodings: of every column that is an input, by name, in the order of the encoded columns.
    """

    columns: list[np.ndarray] = field(default_factory=list)
    standardise: list[bool] = field(default_factory=list)
    origins: list[float] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    treatments: dict[str, str] = field(default_factory=dict)
    constant: set[str] = field(default_factory=set)
    encodings: dict[str, ColumnEncoding] = field(default_factory=dict)

    def add(self, values: np.ndarray, *, standardise: bool, origin: float = 0.0) -> None:
        """Append one encoded column."""
        self.columns.append(values.astype(np.float32))
        self.standardise.append(standardise)
        self.origins.append(origin)

    def remark(self, kind: str, column: Column, text: str) -> None:
        """Append a remark on ``column``."""
        self.remarks.append(Remark(kind, column.name, text))

    def remark_constant(self, column: Column, parts: RowParts) -> None:
        """Note that ``column`` has the same value in all rows that are learnt from."""
        self.constant.add(column.name)
        rows = f"all rows{parts.learnt_in_words}"
        found = f"Column {column.name!r} has one and the same value in {rows}, and tells nothing."
        self.remark("constant_input", column, found)

    def matrix(self) -> np.ndarray:
        """Return the encoded columns as one array, rows × columns."""
        return np.stack(self.columns, axis=1)


def encode(inputs: Sequence[tuple[Column, InputKind]], parts: RowParts) -> Encoded:
    """Return all rows encoded with the categories of ``parts.development``, so that no row of a test split is used."""
    encoded = Encoded()
    for column, kind in inputs:
        if column.num_present == 0:
            encoded.treatments[column.name] = LEFT_OUT + "it is empty"
            encoded.remark("empty_column", column, f"Column {column.name!r} is empty and is left out.")
        elif kind == "categorical":
            _add_categories(encoded, column, parts)
        else:
            _add_numbers(encoded, column, kind, parts)
    return encoded


def _add_numbers(encoded: Encoded, column: Column, kind: InputKind, parts: RowParts) -> None:
    numbers = column.days() if kind == "date" else column.numbers()
    if kind == "date":
        encoded.remark("date_as_days", column, f"Dates in {column.name!r} are taken as days since 1970.")
    known, origin = numbers[parts.learnt], 0.0
    if (known == known[0]).all():
        encoded.remark_constant(column, parts)
    if kind == "boolean":
        _refuse_other_numbers(column, numbers)
        encoded.add(numbers, standardise=False)
        done = "0/1"
    else:
        narrow = as_float32(numbers, parts.development)
        if narrow is None:
            encoded.treatments[column.name] = LEFT_OUT + "its values do not differ enough"
            found = f"The values of column {column.name!r} differ by less than a computer can tell"
            advice = "If they do differ, subtract their smallest value, or choose another unit."
            encoded.remark("no_difference", column, f"{found}; it is left out. {advice}")
            return
        encoded.remarks += remarks_on_numbers(column, numbers)
        encoded.remarks += [] if column.is_date else remarks_on_dates_in_digits(column, numbers)
        encoded.add(narrow.values, standardise=True, origin=narrow.origin)
        origin = narrow.origin
        done = "days since 1970, " * (kind == "date") + "centred in float64, " * (narrow.origin != 0) + "standardised"
    missing = np.isnan(numbers)
    filled = "; missing: 0" if kind == "boolean" else "; missing: training mean"
    encoded.treatments[column.name] = done + (filled if missing.any() else "")
    indicator = bool(missing[parts.development].any())
    encoded.encodings[column.name] = ColumnEncoding(kind, origin, indicator=indicator)
    if indicator:
        encoded.add(missing, standardise=False)
        encoded.treatments[column.name] += " and a 0/1 column"


def _add_categories(encoded: Encoded, column: Column, parts: RowParts) -> None:
    texts = column.texts()
    counts = Counter(text for text in texts[parts.development] if text is not None)
    if len(counts) > max(MOST_CATEGORIES, ID_SHARE * counts.total()):
        distinct = len({text for text in texts if text is not None})
        found = f"Text in {column.name!r} names rows ({distinct} different values) and is left out."
        encoded.remark("row_name", column, found)
        encoded.treatments[column.name] = LEFT_OUT + "it names rows"
        return
    encoded.remarks += remarks_on_spellings(column, counts) + remarks_on_missing_words(column, counts)
    if len({*texts[parts.learnt]}) == 1:
        encoded.remark_constant(column, parts)
    kept = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_CATEGORIES]
    for category in sorted(kept):
        encoded.add(texts == category, standardise=False)
    rest = counts.keys() - set(kept)
    if rest:
        encoded.add(np.isin(texts, list(rest)), standardise=False)
        found = f"{column.name!r} keeps its {MOST_CATEGORIES} commonest of {len(counts)} categories, the rest is one."
        encoded.remark("rest_category", column, found)
    columns = f"{len(kept)} 0/1 columns" if len(kept) != 1 else "one 0/1 column"
    encoded.treatments[column.name] = columns + ", one more for the rest" * bool(rest)
    missing = np.array([text is None for text in texts])
    indicator = bool(missing[parts.development].any())
    encoded.encodings[column.name] = ColumnEncoding(
        "categorical", categories=tuple(sorted(kept)), rest=tuple(sorted(rest)), indicator=indicator
    )
    if indicator:
        encoded.add(missing, standardise=False)
        encoded.treatments[column.name] += "; missing: a 0/1 column"


def _refuse_other_numbers(column: Column, numbers: np.ndarray) -> None:
    other = np.flatnonzero(~np.isnan(numbers) & (numbers != 0) & (numbers != 1))
    if len(other):
        found = f"is declared boolean, and row {other[0] + 1} holds {exact_text(float(numbers[other[0]]))}."
        raise UserError(column.where, found, "Write 0 and 1, or declare it numeric or categorical under kinds.")
