"""The mean over task sets, held against closed forms and against simulated studies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.intervals import Gain, paired_gain
from analysis.statistics.over_task_sets import over_sets
from analysis.statistics.skewness import skewed_ends


def gain(mean: float, error: float, degrees: float) -> Gain:
    half = float(stats.t.ppf(0.975, degrees)) * error
    return Gain(mean, 10, error * math.sqrt(10), 0.0, degrees, half, half, half)


def test_known_variances_add_up() -> None:
    found = over_sets([gain(1.0, 0.3, 9), gain(2.0, 0.4, 9), gain(-6.0, 1.2, 9)])
    assert found.mean == pytest.approx(-1.0)
    assert found.error == pytest.approx(math.sqrt(0.09 + 0.16 + 1.44) / 3)
    assert found.degrees == pytest.approx(1.69**2 / ((0.09**2 + 0.16**2 + 1.44**2) / 9))
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, found.degrees) * found.error)
    assert found.num_sets == 3


def test_equal_sets_have_the_degrees_of_all_of_them_and_a_narrower_interval() -> None:
    one = gain(1.0, 0.5, 9)
    found = over_sets([one, one, one])
    assert found.degrees == pytest.approx(27)
    assert found.error == pytest.approx(0.5 / math.sqrt(3))


def test_one_set_keeps_its_interval() -> None:
    alone = paired_gain(np.array([0.1, 0.5, -0.2, 0.9, 0.4, 0.3]), 0.04, 50, level_divisor=2)
    found = over_sets([alone], level_divisor=2)
    assert (found.mean, found.half_width) == pytest.approx((alone.mean, alone.half_width))
    assert found.degrees == pytest.approx(alone.degrees)


def test_a_family_widens_and_nothing_else_changes() -> None:
    gains = [gain(1.0, 0.3, 9), gain(2.0, 0.4, 9)]
    alone, many = over_sets(gains), over_sets(gains, family=17)
    assert many.half_width == alone.half_width == alone.half_simultaneous
    expected = float(stats.t.ppf(1 - 0.05 / 17 / 2, many.degrees)) * many.error
    assert many.half_simultaneous == pytest.approx(expected)


def test_too_few_seeds_in_one_set_leave_a_point() -> None:
    found = over_sets([gain(1.0, 0.3, 9), paired_gain(np.array([2.0, 4.0]))])
    assert found.mean == pytest.approx(2.0)
    assert math.isnan(found.half_width)
    assert math.isnan(found.half_simultaneous)


def test_a_set_whose_test_examples_say_nothing_makes_the_interval_infinite() -> None:
    found = over_sets([gain(1.0, 0.3, 9), paired_gain(np.arange(6.0), math.inf, 0)])
    assert found.half_width == math.inf


def test_a_comparison_without_any_noise_is_exact() -> None:
    exact = paired_gain(np.full(6, 2.0))
    assert over_sets([exact, exact]).half_width == 0.0


@pytest.mark.parametrize("spreads", [(1.0, 1.0, 1.0), (0.2, 1.0, 5.0)])
def test_intervals_hold_the_true_mean_as_often_as_they_say(spreads: tuple[float, ...]) -> None:
    noise = np.random.default_rng(0)
    truths, held, trials = (0.0, 1.0, -2.0), 0, 2000
    for _ in range(trials):
        gains = [
            paired_gain(noise.normal(truth, spread, size=8)) for truth, spread in zip(truths, spreads, strict=True)
        ]
        found = over_sets(gains)
        held += abs(found.mean - np.mean(truths)) <= found.half_width
    assert held / trials == pytest.approx(0.95, abs=0.015)


def test_skewness_adds_up_as_third_cumulants_do() -> None:
    def skewed(scale: float) -> Gain:
        return paired_gain(scale * np.array([0.1, 0.5, -0.2, 0.9, 0.4, 0.3]), scale**2, 50, third=0.4 * scale**3)

    alone, both = over_sets([skewed(1.0)]), over_sets([skewed(1.0), skewed(2.0)])
    assert alone.ends == pytest.approx(skewed(1.0).ends)
    one, two = skewed(1.0), skewed(2.0)
    error = math.hypot(one.error, two.error)
    skewness = (one.skewness * one.error**3 + two.skewness * two.error**3) / error**3
    below, above = skewed_ends(float(stats.t.ppf(0.975, both.degrees)), skewness)
    assert both.ends == pytest.approx((both.mean - below * error / 2, both.mean + above * error / 2))
