"""Text of numbers tells any two numbers apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.tabular.number_text import exact_text

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(one=FINITE, other=FINITE)
def test_different_numbers_have_different_texts_that_are_read_back_exactly(one: float, other: float) -> None:
    assert float(exact_text(one)) == one
    assert (exact_text(one) == exact_text(other)) == (one == other)


@pytest.mark.parametrize(("number", "text"), [(7.0, "7"), (-0.0, "0"), (1000018.0, "1000018"), (0.1, "0.1")])
def test_whole_numbers_have_no_decimal_point(number: float, text: str) -> None:
    assert exact_text(number) == text


def test_a_short_number_in_single_precision_stays_short() -> None:
    assert exact_text(np.float32(0.1)) == "0.1"
