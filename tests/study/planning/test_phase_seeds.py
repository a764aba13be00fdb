"""Numbers of seeds that a phase trains, with and without outer folds."""

from __future__ import annotations

import pytest

from study.planning.phase_seeds import FEWEST_SEEDS_OF_A_FOLD, most_within, num_added, num_trained


@pytest.mark.parametrize("phase", FEWEST_SEEDS_OF_A_FOLD)
def test_the_most_within_a_limit_is_what_would_be_trained(phase: str) -> None:
    for folds in (2, 3, 5):
        fewest = num_trained(phase, 1, folds)
        for limit in range(30):
            number = most_within(phase, limit, folds)
            assert number == num_trained(phase, number, folds)
            assert number == fewest or limit - folds < number <= limit


def test_without_folds_it_is_the_limit() -> None:
    assert [most_within("verdict", limit, 1) for limit in (0, 1, 7)] == [1, 1, 7]
    assert num_trained("verdict", 7, 1) == 7


def test_what_is_added_needs_one_seed_of_a_fold_only() -> None:
    assert [num_added(wanted, 5) for wanted in (1, 5, 6, 10)] == [5, 5, 10, 10]
    assert num_trained("verdict", 1, 5) == 10, "a study's own seeds show the spread between seeds"
    assert num_added(3, 1) == 3
