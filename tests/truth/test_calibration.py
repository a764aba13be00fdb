"""Words and intervals keep their levels where a real learner trains on overlapping sets; the grid is ``make slow``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy.stats import binom

from tests.truth.calibration import PATTERNS, calibration, grid
from tests.truth.ridge_studies import HEAVY, RARE, SYMMETRIC, Design

STUDIES = 40
MOST_FALSE = int(binom.ppf(0.999, STUDIES, 0.05))


@pytest.mark.parametrize(
    "design",
    [
        pytest.param(Design(4, 600, SYMMETRIC, 0.5, 1, 10), id="test split"),
        pytest.param(Design(4, 600, SYMMETRIC, 0.5, 5, 10), id="cross-fitting"),
        pytest.param(Design(4, 600, RARE, 0.5, 5, 10), id="rare positives"),
        pytest.param(Design(4, 600, HEAVY, 0.5, 5, 10), id="heavy tails"),
    ],
)
def test_few_studies_say_something_false_and_intervals_cover(design: Design) -> None:
    found = calibration(design, STUDIES, ("zero", "mixed"))
    assert max(found.false.values()) * STUDIES <= MOST_FALSE
    assert min(found.task, found.mean) > 0.9
    assert found.pooled > 0.8  # of tasks that differ, which few rare positives show badly
    assert found.half_mean < found.half_task


def test_studies_that_go_on_while_seeds_limit_them_keep_their_level() -> None:
    fixed = Design(4, 600, SYMMETRIC, 0.5, 5, 10)
    found = calibration(replace(fixed, max_seeds=40), STUDIES, ("zero", "edge"))
    assert max(found.false.values()) * STUDIES <= MOST_FALSE
    assert min(found.task, found.mean) > 0.9
    assert 10 < found.seeds <= 40
    assert found.half_task < calibration(fixed, STUDIES, ("zero",)).half_task


def test_cross_fitting_has_narrower_intervals_and_more_so_with_more_replicas() -> None:
    designs = (Design(4, 600, SYMMETRIC, 0.5, folds, seeds) for folds, seeds in ((1, 10), (5, 10), (5, 30)))
    split, crossed, tripled = (calibration(design, 20, ("zero",)) for design in designs)
    for found, most in ((crossed, 0.9), (tripled, 0.7)):  # with few seeds a fold their luck is most of the error
        assert found.half_task <= most * split.half_task
        assert found.half_mean <= most * split.half_mean


@pytest.mark.slow
@pytest.mark.parametrize("design", [pytest.param(one, id=str(one)) for one in grid()])
def test_the_grid_keeps_its_levels(design: Design) -> None:
    studies = 300
    found = calibration(design, studies, tuple(PATTERNS))
    assert max(found.false.values()) * studies <= binom.ppf(0.999, studies, 0.05)
    assert found.mean > 0.90
    assert not found.task < 0.90  # NaN: every task has too few positives
