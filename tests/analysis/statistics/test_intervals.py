"""Intervals against closed forms, against the bootstrap, and against 200 studies with known effects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.intervals import Strata, example_variance, paired_gain, smallest_effect
from analysis.statistics.verdicts import HELPED, HURT, TIE, UNDECIDED, remedy, verdict

RNG = np.random.default_rng


def test_without_test_noise_the_interval_is_students() -> None:
    differences = RNG(0).normal(1, 2, 10)
    found = paired_gain(differences)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx((low, high))
    assert found.half_seed_only == pytest.approx(found.half_width)


def test_the_family_shares_the_level_and_so_do_the_looks() -> None:
    differences = RNG(1).normal(size=12)
    error = differences.std(ddof=1) / np.sqrt(12)
    found = paired_gain(differences, family=5, level_divisor=2)
    assert found.half_simultaneous == pytest.approx(stats.t.ppf(1 - 0.05 / 2 / 5 / 2, 11) * error)
    assert found.half_width == pytest.approx(stats.t.ppf(1 - 0.025 / 2, 11) * error)


def test_both_sources_add_up_with_welchs_degrees_of_freedom() -> None:
    differences, variance = RNG(2).normal(size=10), 0.3
    found = paired_gain(differences, variance, 199)
    seeds = differences.var(ddof=1) / 10
    degrees = (seeds + variance) ** 2 / (seeds**2 / 9 + variance**2 / 199)
    assert found.degrees == pytest.approx(degrees)
    assert found.half_width == pytest.approx(stats.t.ppf(0.975, degrees) * np.sqrt(seeds + variance))


@pytest.mark.parametrize("n", range(5))
def test_below_five_seeds_there_is_no_interval_and_no_verdict(n: int) -> None:
    found = paired_gain(np.full(n, 50.0), 0.1, 99)
    assert math.isnan(found.half_width)
    assert verdict(found, 1.0) == UNDECIDED


def test_missing_pairs_do_not_count() -> None:
    assert paired_gain(np.array([1, np.nan, 2, 3, 4, 5.0])).n == 5


def test_test_variance_is_the_bootstraps() -> None:
    examples = RNG(3).normal(size=150) ** 2
    variance, degrees = example_variance(examples)
    means = examples[RNG(4).integers(0, 150, (20_000, 150))].mean(axis=1)
    assert variance == pytest.approx(means.var(), rel=0.05)
    assert degrees == 149


def test_groups_are_resampled_as_a_whole() -> None:
    groups = np.repeat(np.arange(40), 5)
    examples = RNG(5).normal(size=40)[groups] + 0.1 * RNG(6).normal(size=200)
    variance, degrees = example_variance(examples, groups)
    by_group = examples.reshape(40, 5)
    means = by_group[RNG(7).integers(0, 40, (20_000, 40))].mean(axis=(1, 2))
    assert variance == pytest.approx(means.var(), rel=0.06)
    assert degrees == 39
    assert variance > 3 * example_variance(examples)[0]


def test_the_mean_over_tasks_resamples_the_examples_of_all_tasks_together() -> None:
    common = RNG(8).normal(size=120)
    tasks = np.stack([common, common + 0.2 * RNG(9).normal(size=120), -common])
    tasks[1, :30] = np.nan
    picks = RNG(10).integers(0, 120, (20_000, 120))
    means = np.nanmean(tasks[:, picks], axis=2).mean(axis=0)
    assert example_variance(tasks)[0] == pytest.approx(means.var(), rel=0.06)


@pytest.mark.parametrize("examples", [[1.0], [np.nan, 1.0], [np.nan, np.nan]])
def test_one_test_example_says_nothing_about_others(examples: list[float]) -> None:
    assert example_variance(np.array(examples)) == (math.inf, 0)
    found = paired_gain(np.full(10, 9.0), math.inf, 0)
    assert (verdict(found, 1.0), remedy(found, 1.0)) == (UNDECIDED, "more test data")


def test_resampling_the_scale_too_changes_little_next_to_the_band() -> None:
    """A gain of 1 point in a regression task: the bootstrap of the ratio agrees with the closed form."""
    rng = RNG(11)
    trivial = rng.normal(size=400) ** 2
    difference = -0.01 * trivial + 0.05 * rng.normal(size=400)  # the arm's squared error minus the baseline's
    closed = example_variance(-100 * difference / trivial.mean())[0]
    picks = rng.integers(0, 400, (10_000, 400))
    ratios = -100 * difference[picks].mean(axis=1) / trivial[picks].mean(axis=1)
    assert closed == pytest.approx(ratios.var(), rel=0.1)


def test_the_power_is_that_of_the_protocol_and_of_a_simulation() -> None:
    assert smallest_effect(10) == pytest.approx(1.0, abs=0.05)
    assert smallest_effect(10, 5) == pytest.approx(1.3, abs=0.05)
    assert math.isnan(smallest_effect(4))
    effect = smallest_effect(8, 3)
    samples = RNG(13).normal(effect, 1, (20_000, 8))
    found = samples.mean(1) / (samples.std(1, ddof=1) / np.sqrt(8)) > stats.t.ppf(1 - 0.05 / 6, 7)
    assert found.mean() == pytest.approx(0.8, abs=0.01)


ALLOWED = {0.0: {TIE, UNDECIDED}, 1.0: {UNDECIDED}, -1.0: {UNDECIDED}}


def false_studies(truth: tuple[float, ...], seed_sd: float, example_sd: float, own_sd: float) -> int:
    """How many of 200 studies say something false of a task; noise in points, per seed and per test example."""
    rng, n, num_test, false = RNG(14), 10, 240, 0
    for _ in range(200):
        words = []
        for effect in truth:
            per_example = effect + example_sd * rng.normal(size=num_test) + own_sd * rng.normal(size=(n, num_test))
            per_example += seed_sd * rng.normal(size=(n, 1))
            variance, degrees = example_variance(per_example.mean(axis=0))
            words.append(verdict(paired_gain(per_example.mean(axis=1), variance, degrees, family=len(truth)), 1.0))
        false += any(word not in ALLOWED[effect] for word, effect in zip(words, truth, strict=True))
    return false


@pytest.mark.parametrize("truth", [(0.0,) * 5, (1.0, -1.0, 1.0, -1.0, 1.0)], ids=["zero", "band edge"])
@pytest.mark.parametrize(
    ("seed_sd", "example_sd", "own_sd"),
    [(1.5, 15.0, 10.0), (2.0, 0.5, 0.0), (0.2, 15.0, 0.0)],
    ids=["both", "seeds", "test examples"],
)
def test_at_most_18_of_200_studies_say_something_false(
    truth: tuple[float, ...], seed_sd: float, example_sd: float, own_sd: float
) -> None:
    assert false_studies(truth, seed_sd, example_sd, own_sd) <= 18


def test_the_calibration_test_can_fail() -> None:
    """Intervals from seeds alone, where the test split is what is small, are wrong far more often than allowed."""
    rng, false = RNG(15), 0
    for _ in range(200):
        per_seed = 15 * rng.normal() / np.sqrt(240) * 3 + 0.3 * rng.normal(size=(5, 10))
        false += any(verdict(paired_gain(row, family=5), 1.0) in (HELPED, HURT) for row in per_seed)
    assert false > 60


def test_over_folds_only_the_spread_within_them_is_the_seeds() -> None:
    fold, weight = np.repeat([0, 1, 2], 4), np.repeat([0.5, 0.3, 0.2], 4)
    noise = RNG(5).normal(size=12)
    differences = noise + np.repeat([10.0, 0.0, -20.0], 4)
    found = paired_gain(differences, strata=Strata(fold, weight))
    means = np.array([differences[fold == number].mean() for number in range(3)])
    assert found.mean == pytest.approx(means @ [0.5, 0.3, 0.2])
    within = sum(((differences - means[fold])[fold == number] ** 2).sum() for number in range(3)) / 9
    assert found.error**2 == pytest.approx(within * (0.5**2 + 0.3**2 + 0.2**2) / 4)
    assert found.degrees == 9
    alike = paired_gain(noise, strata=Strata(np.zeros(12, dtype=int), np.ones(12)))
    plain = paired_gain(noise)
    assert (alike.mean, alike.half_width) == pytest.approx((plain.mean, plain.half_width))


def test_a_seed_a_fold_says_nothing_about_seeds() -> None:
    found = paired_gain(np.arange(5.0), 0.1, 99, strata=Strata(np.arange(5), np.full(5, 0.2)))
    assert found.mean == pytest.approx(2.0)
    assert math.isnan(found.half_width)
