"""Dates that are written as whole numbers, such as 20240131: as numbers they lie unevenly."""

from __future__ import annotations

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column

FEWEST = 5
FIRST_YEAR, LAST_YEAR = 1900, 2100


def remarks_on_dates_in_digits(column: Column, numbers: np.ndarray) -> list[Remark]:
    """Return a remark where all ``numbers`` (NaN: missing) are dates without marks between year, month and day."""
    known = numbers[~np.isnan(numbers)]
    if not len(known) or known.min() < FIRST_YEAR * 10_000 or known.max() >= (LAST_YEAR + 1) * 10_000:
        return []
    known = np.unique(known)
    if len(known) < FEWEST or (known != np.round(known)).any():
        return []
    month, day = known // 100 % 100, known % 100
    if not ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
        return []
    found = f"Column {column.name!r} holds dates as whole numbers, {known[0]:.0f} to {known[-1]:.0f}, and as numbers"
    text = f"{found} the last day of a month lies far from the next. Write them like 2023-01-31."
    return [Remark("date_as_number", column.name, text)]
