"""Fresh rows of generated tables: the same functions, other rows; and what counts as right once the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from tests.truth.fresh_rows import Held, is_right
from tests.truth.generated_tables import fresh_rows, table


def test_fresh_rows_are_of_the_same_functions_and_are_other_rows() -> None:
    known, fresh = table("none", 3), fresh_rows("none", 3, 500)
    assert list(fresh) == list(known)
    assert not set(map(tuple, fresh.to_numpy())) & set(map(tuple, known.to_numpy()))
    inputs, targets = known.filter(like="x_"), known.filter(like="y_")
    fitted = LinearRegression().fit(inputs, targets)
    assert fitted.score(fresh.filter(like="x_"), fresh.filter(like="y_")) > 0.6


def test_targets_of_fresh_rows_have_the_scale_of_the_table() -> None:
    known, fresh = table("harm", 5).filter(like="y_"), fresh_rows("harm", 5, 20_000).filter(like="y_")
    np.testing.assert_allclose(known.mean(), fresh.mean(), atol=0.15)
    np.testing.assert_allclose(known.std(), fresh.std(), rtol=0.1)
    np.testing.assert_allclose(known.corr(), fresh.corr(), atol=0.1)


@pytest.mark.parametrize(
    ("alone", "truth", "right"),
    [
        (("y_odd",), -7.0, True),
        ((), -7.0, False),
        (("y_0",), -7.0, False),
        ((), 2.0, True),
        (("y_odd",), 2.0, False),
        (("y_odd",), -1.1, True),
        ((), -1.1, True),
        (("y_0",), -1.1, False),
    ],
)
def test_what_is_right_follows_from_the_truth(alone: tuple[str, ...], truth: float, right: bool) -> None:
    gains = [Held("y_0", 4.0, 2.0, 6.0, 5.0), Held("y_odd", -1.0, -4.0, 2.0, truth)]
    assert is_right(alone, gains) is right


def test_an_interval_that_ends_short_of_the_truth_does_not_hold_it() -> None:
    assert Held("y_0", 4.0, 2.0, 6.0, 5.0).is_covered
    assert not Held("y_0", 4.0, 2.0, 6.0, 6.1).is_covered
