"""Risks of an option: what its table says of the mean and of the worst task, and silence where nothing is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.recommendation.risks import risks_of
from analysis.statistics.verdicts import UNDECIDED
from tests.analysis.recommendation.conftest import judged


def test_a_mean_and_a_task_far_below_the_band_are_certain_losses() -> None:
    tasks = judged(("a", UNDECIDED), ("b", UNDECIDED), gain=-8.0, low=-9.0, high=-7.0)
    found = risks_of(tasks, -8.0, -9.0, -7.0)
    assert (found.loss, found.benefit, found.some_loss) == (pytest.approx(1.0), pytest.approx(0.0), pytest.approx(1.0))
    assert found.worst_low < found.worst < found.worst_high
    assert found.worst == pytest.approx(-8.0, abs=1.0)
    assert found.shortfall == pytest.approx(7.0, abs=0.5)


def test_a_task_without_test_labels_is_left_out_and_one_without_an_interval_is_not_passed_over() -> None:
    tasks = judged(("a", UNDECIDED), ("b", UNDECIDED), ("c", UNDECIDED))
    unpaired = tasks.assign(n=[10, 10, 0], low=[1.5, 1.5, np.nan], high=[2.5, 2.5, np.nan])
    assert math.isfinite(risks_of(unpaired, 2.0, 1.5, 2.5).some_loss)
    unbounded = tasks.assign(low=[1.5, 1.5, -np.inf], high=[2.5, 2.5, np.inf])
    found = risks_of(unbounded, 2.0, 1.5, 2.5)
    assert math.isnan(found.some_loss)
    assert math.isnan(found.worst)
    assert found.benefit > 0.99


def test_with_too_few_seeds_nothing_is_known() -> None:
    tasks = judged(("a", UNDECIDED), low=np.nan, high=np.nan, n=3)
    assert all(math.isnan(value) for value in vars(risks_of(tasks, 2.0, math.nan, math.nan)).values())


def test_a_task_whose_network_is_the_same_gains_nothing_and_risks_nothing() -> None:
    tasks = judged(("a", UNDECIDED), ("b", UNDECIDED), ("alone", UNDECIDED))
    mixed = tasks.assign(gain=[4.0, 5.0, 0.0], low=[3.0, 4.0, 0.0], high=[5.0, 6.0, 0.0])
    found = risks_of(mixed, 3.0, 2.5, 3.5)
    assert (found.worst, found.worst_low, found.worst_high) == (0.0, 0.0, 0.0)
    assert (found.some_loss, found.shortfall) == (0.0, 0.0)
    same = risks_of(tasks.assign(gain=0.0, low=0.0, high=0.0), 0.0, 0.0, 0.0)
    assert set(vars(same).values()) == {0.0}
