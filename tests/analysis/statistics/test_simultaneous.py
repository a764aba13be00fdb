"""Joint levels lie between Bonferroni's and one statement's, and the step-down keeps the sides that can go wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from analysis.statistics.simultaneous import ABOVE, BELOW, BOTH, covariance, level_of_each, normal_draws, step_down

ALPHA = 0.05


def test_independent_statements_share_the_level_and_equal_ones_do_not() -> None:
    independent = level_of_each(normal_draws(np.eye(10)), ALPHA)
    assert independent == pytest.approx(1 - 0.95**0.1, rel=0.08)
    assert level_of_each(normal_draws(np.ones((10, 10))), ALPHA) == pytest.approx(ALPHA, rel=0.05)
    middle = level_of_each(normal_draws(0.3 * np.eye(10) + 0.7), ALPHA)
    assert independent < middle < ALPHA


def test_scale_does_not_matter_and_a_comparison_without_error_does_not_count() -> None:
    errors = 0.5 * np.eye(4) + 0.5
    scale = np.diag([1.0, 10.0, 0.1, 3.0])
    assert level_of_each(normal_draws(scale @ errors @ scale), ALPHA) == pytest.approx(
        level_of_each(normal_draws(errors), ALPHA), rel=1e-6
    )
    with_none = np.zeros((5, 5))
    with_none[:4, :4] = errors
    assert level_of_each(normal_draws(with_none), ALPHA) == pytest.approx(
        level_of_each(normal_draws(errors), ALPHA), rel=0.1
    )


def test_the_covariance_is_that_of_examples_and_seeds_together() -> None:
    examples, seeds = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([[0.5, 0.0, 1.0], [1.0, 1.0, 0.0]])
    expected = examples @ examples.T + seeds @ seeds.T
    assert covariance(list(examples), list(seeds)) == pytest.approx(expected)


def test_one_side_is_half_of_both() -> None:
    draws = normal_draws(np.eye(1))
    assert level_of_each(draws, ALPHA) == ALPHA
    assert level_of_each(draws, ALPHA, np.array([ABOVE])) == pytest.approx(2 * ALPHA, rel=0.08)


def test_a_settled_comparison_leaves_its_harmless_side() -> None:
    draws = normal_draws(np.eye(3))
    single, stepped = level_of_each(draws, ALPHA), step_down(draws, ALPHA, lambda number, _: BELOW if number else BOTH)
    expected = level_of_each(draws, ALPHA, np.array([BOTH, BELOW, BELOW]))
    assert single < stepped == expected < ALPHA
    assert step_down(draws, ALPHA, lambda *_: BOTH) == single


def test_what_is_settled_on_the_way_settles_more() -> None:
    """Comparison 1 is settled only at the level that settling comparison 0 has opened."""
    draws = normal_draws(np.eye(2))
    opened = level_of_each(draws, ALPHA, np.array([ABOVE, BOTH]))

    def side(number: int, level: float) -> int:
        return ABOVE if number == 0 or level >= opened else BOTH

    assert step_down(draws, ALPHA, side) == level_of_each(draws, ALPHA, np.array([ABOVE, ABOVE]))


def test_words_after_the_step_down_are_false_in_few_studies_whatever_is_true() -> None:
    """Gains on the band's edge, inside and just beyond it: the three ways in which words go wrong."""
    rng, count, studies = np.random.default_rng(5), 6, 800
    truth, band = np.array([1.0, -1.0, 0.0, 1.05, -1.05, 6.0]), 1.0
    draws, false = normal_draws(np.eye(count)), 0
    for _ in range(studies):
        means = truth + 0.3 * rng.normal(size=count)

        def side(number: int, level: float, means: np.ndarray = means) -> int:
            reach = -0.3 * float(ndtri(level / 2))
            if means[number] - reach > band:
                return BELOW
            return ABOVE if means[number] + reach < -band else BOTH

        reach = -0.3 * float(ndtri(step_down(draws, ALPHA, side) / 2))
        better, worse = means - reach > band, means + reach < -band
        same = np.abs(means) + reach <= band
        false += bool((better & (truth <= band)).any() or (worse & (truth >= -band)).any() or same[[3, 4, 5]].any())
    assert false / studies <= 0.07
