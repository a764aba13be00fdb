"""Input columns as numbers: raw where they are numbers, one 0/1 column per category where they are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mtl_core.data.tabular.columns import Column, InputKind
from mtl_core.data.tabular.float32_columns import as_float32, differs_by_rounding_alone
from mtl_core.data.tabular.missing_codes import remarks_on_numbers
from mtl_core.data.tabular.spellings import remarks_on_spellings

MOST_CATEGORIES = 50
ID_SHARE = 0.5
"""Text with more different values than this share of its rows, and than ``MOST_CATEGORIES``, names rows."""


@dataclass
class Encoded:
    """Input columns in the making.

    Args:
        columns: one array per encoded column.
        standardise: whether the engine is to standardise it.
        origins: what was subtracted from each in float64, see :mod:`mtl_core.data.tabular.float32_columns`.
        remarks: what the user should know.
    """

    columns: list[np.ndarray] = field(default_factory=list)
    standardise: list[bool] = field(default_factory=list)
    origins: list[float] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, values: np.ndarray, *, standardise: bool, origin: float = 0.0) -> None:
        """Append one column."""
        self.columns.append(values.astype(np.float32))
        self.standardise.append(standardise)
        self.origins.append(origin)

    def matrix(self) -> np.ndarray:
        """Rows × columns."""
        return np.stack(self.columns, axis=1)


def encode(inputs: Sequence[tuple[Column, InputKind]], development: np.ndarray) -> Encoded:
    """Encode all rows with what the ``development`` rows (a mask) show, so that nothing is learnt from test rows."""
    encoded = Encoded()
    for column, kind in inputs:
        if column.num_present == 0:
            encoded.remarks.append(f"Column {column.name!r} is empty and is left out.")
        elif kind == "categorical":
            _add_categories(encoded, column, development)
        else:
            _add_numbers(encoded, column, kind, development)
    return encoded


def _add_numbers(encoded: Encoded, column: Column, kind: InputKind, development: np.ndarray) -> None:
    numbers = column.days() if kind == "date" else column.numbers()
    if kind == "date":
        encoded.remarks.append(f"Dates in {column.name!r} are taken as days since 1970.")
    if kind == "boolean":
        encoded.add(numbers, standardise=False)
    else:
        if differs_by_rounding_alone(numbers, development):
            found = f"The values of column {column.name!r} differ by less than a computer can tell"
            encoded.remarks.append(f"{found}; it is left out. If they do differ, subtract their smallest value.")
            return
        encoded.remarks += remarks_on_numbers(column, numbers)
        narrow = as_float32(numbers, development)
        encoded.add(narrow.values, standardise=True, origin=narrow.origin)
    missing = np.isnan(numbers)
    if missing[development].any():
        encoded.add(missing, standardise=False)


def _add_categories(encoded: Encoded, column: Column, development: np.ndarray) -> None:
    texts = column.texts()
    counts = Counter(text for text in texts[development] if text is not None)
    if len(counts) > max(MOST_CATEGORIES, ID_SHARE * counts.total()):
        encoded.remarks.append(f"Text in {column.name!r} names rows ({len(counts)} different values) and is left out.")
        return
    encoded.remarks += remarks_on_spellings(column, counts)
    kept = sorted(counts, key=lambda text: (-counts[text], text))[:MOST_CATEGORIES]
    for category in sorted(kept):
        encoded.add(texts == category, standardise=False)
    rest = counts.keys() - set(kept)
    if rest:
        encoded.add(np.isin(texts, list(rest)), standardise=False)
        encoded.remarks.append(
            f"{column.name!r} keeps its {MOST_CATEGORIES} commonest of {len(counts)} categories, the rest is one."
        )
    missing = np.array([text is None for text in texts])
    if missing[development].any():
        encoded.add(missing, standardise=False)
