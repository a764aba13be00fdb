"""The skewness correction inverts Hall's transformation where it widens, and covers where Student's t does not."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.influence import degrees_of_freedom, example_influence
from analysis.statistics.intervals import paired_gain
from analysis.statistics.skewness import skewed_ends


@pytest.mark.parametrize("skewness", [-0.7, -0.1, 0.2, 0.6])
def test_the_ends_invert_halls_transformation(skewness: float) -> None:
    below, above = skewed_ends(1.5, skewness)
    t, expected = (-above, -1.5) if skewness > 0 else (below, 1.5)
    transformed = t + skewness * t**2 / 3 + skewness**2 * t**3 / 27 + skewness / 6
    assert transformed == pytest.approx(expected)
    assert min(below, above) == 1.5  # the other side is not narrowed


def test_without_skewness_the_ends_are_the_quantile() -> None:
    assert skewed_ends(2.0, 0.0) == (2.0, 2.0)
    assert skewed_ends(2.0, 1e-4) == pytest.approx((2.0, 2.0), abs=1e-3)
    assert skewed_ends(np.inf, 0.5) == (np.inf, np.inf)


def test_gains_that_few_examples_make_reach_further_up() -> None:
    below, above = skewed_ends(2.0, 0.5)
    assert above > 2 == below  # the mean of a right-skewed sample is mostly too low


def test_squared_errors_with_heavy_tails_are_covered() -> None:
    """Student's t covers about 0.90 here, and misses nearly always on one side."""
    rng, studies, n = np.random.default_rng(4), 600, 100
    covered = students = 0
    for _ in range(studies):
        examples = rng.lognormal(0, 1.2, n)
        influence = example_influence(examples)
        assert influence is not None
        variance, third = float(np.sum(influence**2)), float(np.sum(influence**3))
        seeds = examples.mean() + 1e-6 * rng.normal(size=10)
        low, high = paired_gain(seeds, variance, degrees_of_freedom(influence, n), third=third).ends
        covered += low <= np.exp(0.72) <= high
        low, high = paired_gain(seeds, variance, n - 1).ends
        students += low <= np.exp(0.72) <= high
    assert covered / studies >= 0.93
    assert students / studies <= 0.925
