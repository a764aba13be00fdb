"""Ranges: every point of the unit cube becomes a value that the range holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtl_core.search_space import Choice, Domain, LogUniform, Range, Simplex, Uniform

UNIT = st.floats(0, 1, exclude_max=True)
RANGES: list[Range] = [
    Uniform(-2.0, 3.0),
    Uniform(0.1, 0.3),
    LogUniform(1e-3, 3e-2),
    LogUniform(1e-6, 1e-1),
    Choice(("a", "b", "c")),
    Simplex(1),
    Simplex(4),
]


@pytest.mark.parametrize("range_", RANGES, ids=str)
@given(st.data())
def test_a_range_holds_what_it_gives(range_: Range, data: st.DataObject) -> None:
    point = data.draw(st.lists(UNIT, min_size=range_.dimensions, max_size=range_.dimensions))
    assert range_.holds(range_.at(point))


@pytest.mark.parametrize("range_", RANGES, ids=str)
@pytest.mark.parametrize("corner", [0.0, 1.0, 1 - 2**-53])
def test_a_range_holds_its_corners(range_: Range, corner: float) -> None:
    assert range_.holds(range_.at([corner] * range_.dimensions))


@pytest.mark.parametrize(
    ("range_", "outside"),
    [
        (Uniform(0.0, 1.0), [-0.1, 1.1]),
        (LogUniform(0.1, 1.0), [0.0, 0.09, 1.1]),
        (Choice((1, 2)), [0, 3]),
        (Simplex(2), [(0.5, 0.6), (-0.1, 1.1)]),
    ],
)
def test_a_range_does_not_hold_what_lies_outside(range_: Range, outside: list[object]) -> None:
    assert not any(range_.holds(value) for value in outside)


def test_uniform_and_log_uniform_keep_their_middle() -> None:
    assert Uniform(2.0, 4.0).at([0.5]) == 3
    assert LogUniform(0.01, 100.0).at([0.5]) == pytest.approx(1)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_log_uniform_refuses_what_has_no_logarithm(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="0 < low <= high"):
        LogUniform(low, high)


def test_choices_are_equally_likely() -> None:
    values = [Choice(("a", "b", "c")).at([(i + 0.5) / 300]) for i in range(300)]
    assert [values.count(option) for option in "abc"] == [100] * 3


def test_a_simplex_is_uniform() -> None:
    """Every coordinate of Dirichlet(1, 1, 1, 1) is Beta(1, 3) distributed."""
    points = np.random.default_rng(0).random((2000, 4))
    weights = np.array([Simplex(4).at(list(point)) for point in points])
    assert all(stats.kstest(column, stats.beta(1, 3).cdf).pvalue > 0.01 for column in weights.T)


def test_a_simplex_waits_for_the_number_of_tasks() -> None:
    with pytest.raises(ValueError, match="sized"):
        _ = Simplex().dimensions
    assert Simplex().sized(3) == Simplex(3)
    assert len(Simplex(3).at([0.1, 0.2, 0.3])) == 3


def test_the_same_corner_of_a_simplex_is_its_centre() -> None:
    assert Simplex(3).at([0.0] * 3) == pytest.approx((1 / 3,) * 3)


def test_the_centre_of_a_simplex_is_equal_weights() -> None:
    assert Simplex(4).centre() == (0.25,) * 4
    assert Simplex(3).holds(Simplex(3).centre())


@pytest.mark.parametrize(
    ("range_", "value"),
    [
        (Uniform(-1.0, 3.0), 0.5),
        (LogUniform(1e-4, 1.0), 1e-3),
        (Choice(("none", "layer", "batch")), "layer"),
        (Simplex(3), (0.2, 0.7, 0.1)),
    ],
)
def test_the_point_of_a_value_has_that_value(range_: Range, value: Any) -> None:
    point = range_.point_of(value)
    assert len(point) == range_.dimensions
    assert all(0 <= coordinate <= 1 for coordinate in point)
    assert range_.at(point) == (value if isinstance(value, str) else pytest.approx(value))


def test_a_value_outside_of_its_range_has_the_nearest_point() -> None:
    assert Uniform(1.0, 2.0).point_of(5.0) == (1.0,)
    assert LogUniform(1.0, 2.0).point_of(0.0) == (0.0,)


@pytest.mark.parametrize(
    ("domain", "inside", "outside", "words"),
    [
        (Domain(above=0), [1e-9, 1, np.float32(2)], [0, -1.0], "above 0"),
        (Domain(least=0), [0, 5.0], [-1e-9], "from 0 up"),
        (Domain(least=0, below=1), [0.0, 0.999], [1, -0.1], "from 0 up and below 1"),
        (Domain(least=0, most=1), [0, 1.0], [1.001, -1], "from 0 to 1"),
        (Domain(above=0, most=1), [0.1, 1], [0, 2], "above 0 and at most 1"),
        (Domain(above=-1, below=0.5), [-0.9, 0.4], [-1, 0.5], "above -1 and below 0.5"),
        (Domain(), [-1e300, 0], [], ""),
    ],
    ids=str,
)
def test_a_domain_holds_the_finite_numbers_between_its_ends(
    domain: Domain, inside: list[Any], outside: list[Any], words: str
) -> None:
    assert str(domain) == words
    for value in inside:
        assert domain.holds(value)
        domain.check("heat", value)
    for value in [*outside, True, "0.5", [0.5], float("nan"), float("inf")]:
        assert not domain.holds(value)
        with pytest.raises(ValueError, match="heat is "):
            domain.check("heat", value)


def test_a_domain_is_checked_for_every_task_and_not_where_an_option_is_unused() -> None:
    Domain(above=0).check("preference", {"rain": 1.0, "sun": 2})
    Domain(above=0).check("preference", {})
    Domain(above=0).check("preference", None)
    with pytest.raises(ValueError, match=r"^preference of 'sun' is -3; it should be a finite number above 0\.$"):
        Domain(above=0).check("preference", {"rain": 1.0, "sun": -3})
