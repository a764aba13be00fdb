"""Contributions of examples and seeds add up to the variances that the intervals use."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.influence import degrees_of_freedom, effective_groups, example_influence, seed_influence
from analysis.statistics.intervals import paired_gain
from analysis.statistics.strata import Strata

RNG = np.random.default_rng


def test_squares_of_examples_are_the_variance_of_their_mean() -> None:
    examples = RNG(0).normal(size=50)
    found = example_influence(examples)
    assert found is not None
    assert np.sum(found**2) == pytest.approx(examples.var(ddof=1) / 50)


def test_squares_over_groups_are_the_jackknifes() -> None:
    examples, groups = RNG(1).normal(size=60), np.repeat([0, 1, 2, 3], [5, 10, 15, 30])
    found = example_influence(examples, groups)
    left_out = [examples[groups != group].mean() for group in range(4)]
    assert found is not None
    assert np.sum(found**2) == pytest.approx(3 / 4 * np.sum((np.array(left_out) - examples.mean()) ** 2))


def test_groups_without_labels_contribute_nothing() -> None:
    examples = np.array([1.0, 2.0, np.nan, np.nan, 4.0])
    found = example_influence(examples, np.array([0, 1, 2, 2, 3]))
    assert found is not None
    assert found[2] == 0
    assert len(found) == 4
    assert example_influence(np.array([1.0, 2.0]), np.array([7, 7])) is None


def test_unequal_groups_count_as_fewer() -> None:
    assert effective_groups(np.zeros(12), np.repeat([0, 1, 2], 4)) == pytest.approx(3)
    assert effective_groups(np.zeros(12), np.repeat([0, 1, 2], [10, 1, 1])) == pytest.approx(144 / 102)
    assert effective_groups(np.full(3, np.nan)) == 0


@pytest.mark.parametrize("folds", [1, 3])
def test_squares_of_seeds_are_their_part_of_the_error(folds: int) -> None:
    differences, fold = RNG(2).normal(size=12), np.arange(12) % folds
    weight = np.full(12, 1 / folds)
    strata = Strata(fold, weight) if folds > 1 else None
    found = seed_influence(differences, strata)
    gain = paired_gain(differences, strata=strata)
    assert np.sum(found**2) == pytest.approx(gain.seed_sd**2 / 12, rel=1e-9)


def test_a_missing_pair_contributes_nothing() -> None:
    found = seed_influence(np.array([1.0, np.nan, 3.0]))
    assert found[1] == 0
    assert found[0] == pytest.approx(-found[2])


def test_few_examples_that_differ_give_few_degrees_of_freedom() -> None:
    normal, rare = RNG(3).normal(size=1000), np.zeros(1000)
    rare[:5] = 1.0
    found = [degrees_of_freedom(example_influence(x), 1000) for x in (normal, rare)]
    assert found[0] == pytest.approx(999, rel=0.1)
    assert found[1] == pytest.approx(10, rel=0.05)
    assert degrees_of_freedom(np.zeros(30), 30) == 29
