"""What some task loses at worst, in cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from analysis.statistics.harm import one_sided_level, worst_harm
from analysis.statistics.simultaneous import normal_draws


def test_the_lowest_limit_is_the_worst_loss() -> None:
    harm = worst_harm(np.array([1.0, -2.0]), np.eye(2), [(0.5, 1.5), (-4.0, 0.0)], 1.0)
    assert (harm.most_lost, harm.task, harm.is_shown) == (4.0, 1, False)
    assert harm.probability == pytest.approx(1 - (1 - ndtr(-2)) * (1 - ndtr(1)), abs=0.01)


def test_harm_beyond_the_band_is_shown_by_any_task() -> None:
    assert worst_harm(np.array([1.0, -5.0]), np.eye(2), [(0.0, 2.0), (-7.0, -1.5)], 1.0).is_shown


def test_where_every_task_gains_nothing_is_lost() -> None:
    assert worst_harm(np.array([9.0, 8.0]), np.eye(2), [(6.0, 12.0), (5.0, 11.0)], 1.0).most_lost == 0


def test_one_side_reaches_less_far_than_both() -> None:
    draws = normal_draws(np.eye(4))
    assert one_sided_level(draws, 0.05) == pytest.approx(2 * (1 - 0.95**0.25), rel=0.08)
