"""Expected gains of few seeds: what noise-free, purely noisy and mixed gains are shrunk to."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.expected_gains import expected_gains


def gains(truth: np.ndarray, noise: float, seeds: int, chance: np.random.Generator) -> np.ndarray:
    """Gains of ``truth``, by arm and task, plus normal noise, by arm, seed and task."""
    return truth[:, None] + noise * chance.normal(size=(len(truth), seeds, truth.shape[1]))


def test_gains_without_noise_stay_what_they_are() -> None:
    truth = np.array([[3.0, 2.0, -6.0], [1.0, 2.5, -4.0]])
    means, deviation = expected_gains(np.repeat(truth[:, None], 3, axis=1))
    assert means == pytest.approx(truth)
    assert deviation == pytest.approx(0, abs=1e-9)


def test_noise_around_one_gain_is_shrunk_to_it() -> None:
    chance = np.random.default_rng(0)
    errors = [expected_gains(gains(np.zeros((8, 6)), 4.0, 2, chance))[0] for _ in range(200)]
    raw = 4.0 / np.sqrt(2)
    assert np.sqrt(np.mean(np.square(errors))) < 0.4 * raw


def test_a_task_that_loses_under_every_arm_is_seen_through_noise() -> None:
    chance, truth = np.random.default_rng(1), np.tile([3.0, 3.0, 3.0, -6.0], (8, 1))
    found = [expected_gains(gains(truth, 6.0, 2, chance)) for _ in range(200)]
    errors = np.array([means - truth for means, _ in found])
    assert np.sqrt(np.mean(errors**2)) < 0.6 * 6.0 / np.sqrt(2)
    assert np.mean([means[:, 3].mean() + deviation < -1 for means, deviation in found]) > 0.8


def test_the_deviation_is_that_of_the_errors() -> None:
    chance = np.random.default_rng(2)
    inside = []
    for _ in range(300):
        truth = chance.normal(scale=4, size=10) + chance.normal(scale=2, size=(6, 10))
        means, deviation = expected_gains(gains(truth, 4.0, 4, chance))
        inside.append(np.mean(np.abs(means - truth) < deviation))
    assert 0.6 < np.mean(inside) < 0.76


def test_an_arm_that_costs_every_task_is_seen_apart_from_the_tasks() -> None:
    chance, truth = np.random.default_rng(3), np.add.outer([0.0, 0.0, 0.0, -8.0], [2.0, 2.0, -6.0])
    errors = [expected_gains(gains(truth, 5.0, 4, chance))[0] - truth for _ in range(200)]
    assert np.sqrt(np.mean(np.square(errors))) < 0.8 * 5.0 / np.sqrt(4)
    assert np.mean(errors, axis=0) == pytest.approx(np.zeros((4, 3)), abs=1.2)


def test_missing_networks_are_left_out_and_a_single_seed_expects_nothing() -> None:
    holes = np.full((2, 2, 3), 1.0)
    holes[0, 0, 1] = holes[1, :, 2] = np.nan
    means, _ = expected_gains(holes)
    assert np.isnan(means[1, 2])
    assert means[~np.isnan(means)] == pytest.approx(1.0)
    means, deviation = expected_gains(holes[:, :1])
    assert np.isnan(means).all()
    assert np.isnan(deviation)
