"""Intervals and verdicts against closed forms, against the bootstrap, and against 200 studies with known effects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.intervals import Gain, example_variance, paired_gain, smallest_effect
from analysis.statistics.verdicts import (
    HELPED,
    HURT,
    HURT_BY_SHARING,
    TIE,
    TUNED_ALONE,
    UNDECIDED,
    attributed,
    more_seeds,
    remedy,
    verdict,
)

RNG = np.random.default_rng


def gain(mean: float, half: float, **facts: float) -> Gain:
    values = {"n": 10, "seed_sd": 1.0, "test_error": 0.0, "degrees": 9.0, "half_width": half, "half_seed_only": half}
    return Gain(mean=mean, half_simultaneous=half, **(values | facts))


def test_without_test_noise_the_interval_is_students() -> None:
    differences = RNG(0).normal(1, 2, 10)
    found = paired_gain(differences)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx((low, high))
    assert found.half_seed_only == pytest.approx(found.half_width)


def test_the_family_shares_the_level_and_so_do_the_looks() -> None:
    differences = RNG(1).normal(size=12)
    error = differences.std(ddof=1) / np.sqrt(12)
    found = paired_gain(differences, family=5, looks=2)
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


@pytest.mark.parametrize(
    ("mean", "half", "word"),
    [
        (3.0, 1.9, HELPED),
        (3.0, 2.1, UNDECIDED),
        (-3.0, 1.9, HURT),
        (-3.0, 2.1, UNDECIDED),
        (0.0, 0.9, TIE),
        (0.5, 0.4, TIE),
        (0.0, 1.1, UNDECIDED),
        (1.0, 0.5, UNDECIDED),
        (0.9, 0.2, UNDECIDED),
        (0.5, 0.0, TIE),
        (math.nan, math.nan, UNDECIDED),
    ],
)
def test_verdicts_are_read_off_the_interval_and_the_band(mean: float, half: float, word: str) -> None:
    assert verdict(gain(mean, half), 1.0) == word


def test_the_simultaneous_interval_decides_not_the_plain_one() -> None:
    found = Gain(3.0, 10, 1.0, 0.0, 9.0, half_width=1.0, half_simultaneous=2.5, half_seed_only=1.0)
    assert verdict(found, 1.0) == UNDECIDED


@pytest.mark.parametrize(
    ("each", "loop", "word"),
    [
        (HURT, HURT, HURT_BY_SHARING),
        (HURT, TIE, TUNED_ALONE),
        (HURT, UNDECIDED, TUNED_ALONE),
        (HURT, HELPED, TUNED_ALONE),
        (HURT, None, HURT),
        (HELPED, HURT, HELPED),
        (TIE, HURT, TIE),
        (UNDECIDED, HURT, UNDECIDED),
    ],
)
def test_sharing_is_blamed_only_if_the_loop_is_not(each: str, loop: str | None, word: str) -> None:
    assert attributed(each, loop) == word


def test_the_seeds_asked_for_would_decide() -> None:
    differences = RNG(12).normal(2.0, 2.0, 10)
    found = paired_gain(differences, 0.01, 500, family=3)
    assert verdict(found, 1.0) == UNDECIDED
    total = found.n + more_seeds(found, 1.0)
    quantile = found.half_simultaneous / found.error
    distance = abs(found.mean) - 1.0
    assert quantile * np.sqrt(found.seed_sd**2 / total + 0.01) <= distance
    assert quantile * np.sqrt(found.seed_sd**2 / (total - 1) + 0.01) > distance


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (paired_gain(np.arange(3.0)), "at least 2 more seeds"),
        (paired_gain(np.arange(4.0)), "at least 1 more seed"),
        (paired_gain(np.array([])), "test labels"),
        (paired_gain(RNG(0).normal(2, 1, 10), 4.0, 99), "more test data"),
        (gain(1.0, 1.0), "more than 1,000 more seeds"),
    ],
)
def test_the_remedy_names_what_is_short(found: Gain, words: str) -> None:
    assert remedy(found, 1.0) == words


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
