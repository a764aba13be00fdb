"""The posterior of gains: the reported interval for the mean, and calibrated probabilities for the worst task."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.recommendation.posterior import below, common_correlation, error_of, pooled_draws

RNG = np.random.default_rng


def test_the_mean_lies_outside_its_interval_with_five_percent_half_on_each_side() -> None:
    assert below(-2.0, 1.0, -2.0, 3.0) == pytest.approx(0.025)
    assert 1 - below(3.0, 1.0, -2.0, 3.0) == pytest.approx(0.025)
    assert below(1.0, 1.0, -2.0, 3.0) == pytest.approx(0.5)


def test_a_second_look_has_a_wider_interval_and_the_same_posterior() -> None:
    error = error_of(-1.0, 1.0, level_divisor=2)
    assert error < error_of(-1.0, 1.0)
    assert below(-1.0, 0.0, -1.0, 1.0, level_divisor=2) == pytest.approx(0.0125)


def test_without_an_interval_there_is_no_probability_and_without_noise_it_is_sharp() -> None:
    assert math.isnan(below(-1.0, 0.0, math.nan, math.nan))
    assert math.isnan(below(-1.0, 0.0, -math.inf, math.inf))
    assert (below(-1.0, 0.0, 0.0, 0.0), below(1.0, 0.0, 0.0, 0.0)) == (0.0, 1.0)


@pytest.mark.parametrize("correlation", [-0.2, 0.0, 0.5, 0.9])
def test_the_correlation_is_that_of_the_mean_over_tasks(correlation: float) -> None:
    errors = np.array([1.0, 2.0, 4.0])
    variance = np.outer(errors, errors) * np.where(np.eye(3) == 1, 1.0, correlation)
    assert common_correlation(errors, math.sqrt(variance.mean())) == pytest.approx(correlation)


def test_an_impossible_or_unknown_error_of_the_mean_leaves_a_proper_correlation() -> None:
    errors = np.ones(3)
    assert common_correlation(errors, math.nan) == 0.0
    assert common_correlation(errors[:1], 1.0) == 0.0
    assert -0.5 < common_correlation(errors, 0.0) < 0 < common_correlation(errors, 9.0) < 1


def test_the_same_gains_give_the_same_draws() -> None:
    gains, errors = np.array([1.0, -2.0, 0.5]), np.array([1.0, 2.0, 0.5])
    assert np.array_equal(pooled_draws(gains, errors, 0.3), pooled_draws(gains, errors, 0.3))


def test_noisy_tasks_are_drawn_together_and_a_task_that_stands_apart_is_not() -> None:
    alike = pooled_draws(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.full(5, 3.0)).mean(axis=0)
    assert np.ptp(alike) < 2.5
    apart = pooled_draws(np.array([2.0, 2.5, 1.5, 2.2, -20.0]), np.full(5, 1.0)).mean(axis=0)
    assert apart[4] == pytest.approx(-20.0, abs=0.7)


def test_arms_that_predict_the_same_have_no_risk() -> None:
    draws = pooled_draws(np.zeros(3), np.zeros(3))
    assert np.abs(draws).max() < 1e-3


def studies(number: int, num_tasks: int, generator: np.random.Generator, mean: float, spread: float) -> tuple:
    """True gains around ``mean``, their errors, and the posterior draws from what was measured of them."""
    truth = mean + spread * generator.normal(size=(number, num_tasks))
    errors = generator.uniform(0.5, 2.5, size=truth.shape)
    measured = truth + errors * generator.normal(size=truth.shape)
    return truth, errors, measured, [pooled_draws(x, error) for x, error in zip(measured, errors, strict=True)]


def test_probabilities_of_some_loss_are_those_with_which_it_happens() -> None:
    """Over studies whose means and spreads differ widely, in studies where it is unlikely, open and likely."""
    generator, said, happened = RNG(3), [], []
    for _ in range(400):
        mean, spread = generator.normal(0.0, 4.0), generator.uniform(0.0, 4.0)
        truth, _, _, (draws,) = studies(1, 5, generator, mean, spread)
        said.append((draws.min(axis=1) < -1.0).mean())
        happened.append(truth.min() < -1.0)
    chance, event = np.array(said), np.array(happened, dtype=float)
    for low, high in ((0.0, 0.3), (0.3, 0.8), (0.8, 1.0)):
        here = (chance >= low) & (chance <= high)
        noise = 3 * math.sqrt(float(np.mean(chance[here] * (1 - chance[here]))) / here.sum())
        assert event[here].mean() == pytest.approx(chance[here].mean(), abs=noise)


def test_where_nothing_differs_the_worst_of_many_tasks_does_not_look_lost() -> None:
    generator = RNG(4)
    _, errors, measured, draws = studies(50, 14, generator, 0.0, 0.0)
    apart = measured[..., None] + errors[..., None] * generator.normal(size=(50, 14, 2000))
    assert (apart.min(axis=1) < -1.0).mean() > 0.95
    assert np.mean([(draw.min(axis=1) < -1.0).mean() for draw in draws]) < 0.5


@pytest.mark.parametrize(("num_tasks", "spread"), [(3, 1.0), (6, 0.0), (6, 2.0), (14, 1.0)])
def test_intervals_of_single_tasks_cover_the_truth(num_tasks: int, spread: float) -> None:
    truth, _, _, draws = studies(150, num_tasks, RNG(num_tasks), 0.5, spread)
    low, high = np.quantile(draws, (0.025, 0.975), axis=1)
    assert np.mean((low < truth) & (truth < high)) > 0.92
