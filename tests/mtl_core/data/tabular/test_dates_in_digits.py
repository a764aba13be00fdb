"""Dates without marks between year, month and day."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_core.data.tabular.dates_in_digits import remarks_on_dates_in_digits
from tests.mtl_core.data.tabular.files import column

DAYS = np.array([20240101.0 + 100 * month + day for month in range(12) for day in range(8)])


def said(numbers: np.ndarray) -> list[str]:
    return [remark.text for remark in remarks_on_dates_in_digits(column(numbers), numbers)]


def test_dates_are_said_with_their_range() -> None:
    (text,) = said(np.where(np.arange(len(DAYS)) == 3, np.nan, DAYS))
    assert "20240101 to 20241208" in text


@pytest.mark.parametrize("numbers", [DAYS + 0.5, DAYS + 40, np.arange(96.0), DAYS * 10, DAYS[:3]])
def test_other_numbers_are_not(numbers: np.ndarray) -> None:
    assert said(numbers) == []
