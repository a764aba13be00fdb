"""Arms from levels."""

from __future__ import annotations

from study.config.sections import Factors
from study.planning.grid import arms_of


def test_levels_are_combined_once_each() -> None:
    arms = arms_of(Factors(width=(8, 16), weighting=("equal", "fixed"), sharing=("hard", "single_task"), stages=(2,)))
    assert len(arms) == len(set(arms)) == 2 * 2 * 2 + 2
