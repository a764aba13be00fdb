"""Encoding of input columns: numbers stay as they are, categories become one 0/1 column each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mtl_core.data.tabular.columns import Column, InputKind

MOST_CATEGORIES = 50
"""Largest number of categories of a column that get a 0/1 column of their own."""
ID_SHARE = 0.5
"""Share of distinct values, of a column's rows, beyond which text is taken for row names and left out.

Text with at most ``MOST_CATEGORIES`` distinct values is always kept.
"""


@dataclass
class Encoded:
    """Encoded input columns, collected one by one.

    Args:
        columns: one array per encoded column.
        standardise: for each encoded column, whether training standardises it.
        remarks: sentences for the user about the encoding.
    """

    columns: list[np.ndarray] = field(default_factory=list)
    standardise: list[bool] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, values: np.ndarray, *, standardise: bool) -> None:
        """Append one encoded column."""
        self.columns.append(values.astype(np.float32))
        self.standardise.append(standardise)

    def matrix(self) -> np.ndarray:
        """Return the encoded columns as one array, rows × columns."""
        return np.stack(self.columns, axis=1)


def encode(inputs: Sequence[tuple[Column, InputKind]], development: np.ndarray) -> Encoded:
    """Return all rows encoded with the categories of the ``development`` rows (a mask), so that no test row is used."""
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
    if kind == "numeric" and len(numbers) > 1 and (np.diff(numbers) == 1).all():
        encoded.remarks.append(f"Column {column.name!r} counts the rows; ignore it unless their order means something.")
    encoded.add(numbers, standardise=kind != "boolean")
    missing = np.isnan(numbers)
    if missing[development].any():
        encoded.add(missing, standardise=False)


def _add_categories(encoded: Encoded, column: Column, development: np.ndarray) -> None:
    texts = column.texts()
    counts = Counter(text for text in texts[development] if text is not None)
    if len(counts) > max(MOST_CATEGORIES, ID_SHARE * counts.total()):
        encoded.remarks.append(f"Text in {column.name!r} names rows ({len(counts)} different values) and is left out.")
        return
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
