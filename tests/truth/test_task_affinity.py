"""What affinities are worth; the table of FINDINGS is printed by ``python -m tests.truth.task_affinity``."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.truth.task_affinity import Measured, affinity_of, families, measure, score

NAMES = ("a1", "a2", "b1", "b2")


def made_up() -> Measured:
    """Skill of 50 alone, 4 points more for every relative in the group and 6 less for every other task."""
    groups = itertools.chain(*(itertools.combinations(NAMES, size) for size in range(1, 5)))
    return Measured(
        NAMES,
        {
            frozenset(group): {
                task: 50.0 + sum(4 if task[0] == other[0] else -6 for other in group if other != task) for task in group
            }
            for group in groups
        },
    )


def test_scores_of_made_up_skills_are_what_they_are_by_hand() -> None:
    measured, home = made_up(), np.array([0, 0, 1, 1])
    right = np.where(home[:, None] == home, 0.7, 0.2)
    assert measured.gain("a1", "a2") == 4
    assert measured.gain("a1", "b2") == -6
    assert measured.skill([NAMES]) == 42
    told = score(measured, right)
    assert (told.sign, told.rank, told.regret) == (1.0, pytest.approx(1.0), 0.0)
    assert told.chosen == told.best == [["a1", "a2"], ["b1", "b2"]]
    # one of all four (42), four of three and one, three of two pairs (54, 44, 44)
    three = (3 * 50 + 2 * (4 - 6) - 12 + 50) / 4
    assert told.chance == pytest.approx(54 - (42 + 4 * three + 54 + 44 + 44) / 8)
    wrong = score(measured, np.where(np.eye(4), 1.0, 0.9 - right))
    assert (wrong.sign, wrong.regret) == (0.0, 10.0)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["representation", "look_ahead"])
def test_planted_families_are_found_at_no_regret(by: str) -> None:
    data = families(1)
    told = score(measure(data), affinity_of(data, by))  # type: ignore[arg-type]
    assert told.chosen == told.best == [["a1", "a2", "a3"], ["b1", "b2"]]
    assert told.chance > 2
