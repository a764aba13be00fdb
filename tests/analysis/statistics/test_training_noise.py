"""What the common networks of outer folds add to the variance of a mean."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.training_noise import TRAINING_SHARE, deviations, training_noise

FOLD = np.array([0, 1, 0, 1])
NAN = np.nan
DIFFERENCES = np.array([[1.0, 2.0, NAN, NAN], [NAN, NAN, 5.0, NAN], [3.0, 2.0, NAN, NAN], [NAN, NAN, 1.0, NAN]])


def test_it_is_a_multiple_of_the_variance_between_the_seeds_of_a_fold() -> None:
    found = training_noise(deviations(DIFFERENCES, FOLD), FOLD)
    between = (2.0 + 0.0 + 8.0) / 3**2  # variances of the three labelled examples
    assert found == pytest.approx(TRAINING_SHARE / (1 - TRAINING_SHARE) * between)


def test_examples_of_a_group_deviate_together() -> None:
    alike = np.array([[1.0, 1.0, NAN, NAN], [NAN, NAN, 1.0, 1.0], [3.0, 3.0, NAN, NAN], [NAN, NAN, 3.0, 3.0]])
    deviating = deviations(alike, FOLD)
    assert training_noise(deviating, FOLD, np.array([0, 0, 1, 1])) == pytest.approx(2 * training_noise(deviating, FOLD))


def test_a_single_test_split_and_folds_with_one_seed_each_add_nothing() -> None:
    assert training_noise(deviations(DIFFERENCES, np.zeros(4)), np.zeros(4)) == 0.0
    assert training_noise(deviations(DIFFERENCES, np.arange(4)), np.arange(4)) == 0.0


def test_cross_fitted_ridge_errs_as_much_as_examples_and_common_networks_say() -> None:
    """A pure case: a mean that is fitted for nothing; without the term its variance is found half as large."""
    rng, rows, folds = np.random.default_rng(0), 200, 5
    gains, jackknife, added = [], [], []
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
        added.append(training_noise(deviations(found, fold), fold))
    assert np.var(gains) > 1.6 * np.mean(jackknife)
    assert np.var(gains) == pytest.approx(np.mean(jackknife) + np.mean(np.minimum(added, jackknife)), rel=0.25)
