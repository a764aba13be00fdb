"""What the common networks of outer folds add to the variance of a mean."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.training_noise import (
    LEAST_LEFT,
    MOST_REPEATED,
    TRAINING_SHARE,
    TrainingNoise,
    deviations,
    training_noise,
)

FOLD = np.array([0, 1, 0, 1])
NAN = np.nan
DIFFERENCES = np.array([[1.0, 2.0, NAN, NAN], [NAN, NAN, 5.0, NAN], [3.0, 2.0, NAN, NAN], [NAN, NAN, 1.0, NAN]])


def test_both_parts_come_from_the_variance_between_the_seeds_of_a_fold() -> None:
    found = training_noise(deviations(DIFFERENCES, FOLD), FOLD)
    between = (2.0 + 0.0 + 8.0) / 3**2  # variances of the three labelled examples
    assert found.repeated == pytest.approx(TRAINING_SHARE / (1 - TRAINING_SHARE) * between)
    assert found.luck == pytest.approx(between / 2)  # two seeds a fold


def test_examples_of_a_group_deviate_together() -> None:
    alike = np.array([[1.0, 1.0, NAN, NAN], [NAN, NAN, 1.0, 1.0], [3.0, 3.0, NAN, NAN], [NAN, NAN, 3.0, 3.0]])
    deviating = deviations(alike, FOLD)
    grouped, single = training_noise(deviating, FOLD, np.array([0, 0, 1, 1])), training_noise(deviating, FOLD)
    assert grouped.repeated == pytest.approx(2 * single.repeated)


def test_a_single_test_split_repeats_nothing_and_single_seeds_show_nothing() -> None:
    assert training_noise(deviations(DIFFERENCES, np.zeros(4)), np.zeros(4)).repeated == 0.0
    assert training_noise(deviations(DIFFERENCES, np.arange(4)), np.arange(4)) == TrainingNoise(0.0, 0.0)


def test_luck_is_taken_out_and_the_repeated_part_put_in_within_limits() -> None:
    assert TrainingNoise(1.0, 0.5).corrected(4.0) == 3.5
    assert TrainingNoise(1.0, 9.0).corrected(4.0) == 3.0 * (1 + MOST_REPEATED)
    assert TrainingNoise(5.0, 0.0).corrected(4.0) == 4.0 * LEAST_LEFT


def test_luck_is_what_the_jackknife_holds_too_much() -> None:
    rng, rows, seeds, wide, right = np.random.default_rng(1), 400, 4, [], []
    for _ in range(200):
        examples = rng.normal(size=rows) + 2 * rng.normal(size=(seeds, rows))
        jackknife = examples.mean(axis=0).var(ddof=1) / rows
        wide.append(jackknife)
        right.append(training_noise(deviations(examples, np.zeros(seeds)), np.zeros(seeds)).corrected(jackknife))
    assert np.mean(wide) == pytest.approx(2 / rows, rel=0.05)
    assert np.mean(right) == pytest.approx(1 / rows, rel=0.05)


def test_a_mean_that_is_fitted_for_nothing_repeats_all_of_its_noise() -> None:
    """A pure case: the examples' variance is found half as large as it is, and the seeds show the other half."""
    rng, rows, folds = np.random.default_rng(0), 200, 5
    gains, jackknife, repeated = [], [], []
    for _ in range(400):
        targets, found = rng.normal(size=rows), np.full((folds * 2, rows), NAN)
        parts, true = np.array_split(np.arange(rows), folds), []
        for seed in range(folds * 2):
            pool = np.setdiff1d(np.arange(rows), parts[seed % folds])
            test = parts[seed % folds]
            mean = targets[rng.permutation(pool)[: len(pool) * 4 // 5]].mean()
            found[seed, test] = targets[test] ** 2 - (targets[test] - mean) ** 2
            true.append(-(mean**2))
        fold = np.arange(folds * 2) % folds
        each = np.nanmean(found, axis=0)
        gains.append(each.mean() - np.mean(true))
        jackknife.append(each.var(ddof=1) / rows)
        repeated.append(training_noise(deviations(found, fold), fold).repeated)
    assert np.var(gains) > 1.6 * np.mean(jackknife)
    assert np.var(gains) == pytest.approx(np.mean(jackknife) + np.mean(np.minimum(repeated, jackknife)), rel=0.25)
