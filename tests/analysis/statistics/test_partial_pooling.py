"""Partly pooled gains against closed forms, and their coverage over tasks that are drawn as the model says."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.partial_pooling import pooled_gains


def test_equal_gains_are_one_gain() -> None:
    found = pooled_gains(np.full(5, 2.0), 4.0 * np.eye(5))
    assert found is not None
    assert found.gain == pytest.approx(2.0)
    assert (found.error > np.sqrt(4 / 5) - 1e-9).all()
    assert (found.error < 2.0).all()


def test_sure_gains_stay_as_they_are() -> None:
    gains = np.array([-8.0, 0.0, 3.0, 9.0])
    found = pooled_gains(gains, 1e-4 * np.eye(4))
    assert found is not None
    assert found.gain == pytest.approx(gains, abs=1e-3)
    assert found.error == pytest.approx(0.01, rel=0.01)


def test_three_tasks_are_too_few() -> None:
    assert pooled_gains(np.zeros(3), np.eye(3)) is None


@pytest.mark.parametrize("spread", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_intervals_cover_and_are_narrower(spread: float, correlation: float) -> None:
    rng, count, studies = np.random.default_rng(6), 8, 300
    errors = 4.0 * ((1 - correlation) * np.eye(count) + correlation)
    covered, widths = 0.0, []
    for _ in range(studies):
        truth = rng.normal() + spread * rng.normal(size=count)
        found = pooled_gains(rng.multivariate_normal(truth, errors), errors)
        assert found is not None
        covered += float(((found.low <= truth) & (truth <= found.high)).mean())
        widths.append(np.median(found.high - found.low) / 2)
    assert covered / studies >= 0.92  # tasks that are all alike are covered nearly always: τ is not known
    assert np.median(widths) < 1.96 * 2


def test_a_task_without_error_is_left_out_of_the_pool() -> None:
    errors = np.diag([1.0, 2.0, 1.0, 0.0, 1.5])
    gains = np.array([3.0, 1.0, 2.0, 0.0, 2.5])
    found, others = pooled_gains(gains, errors), pooled_gains(np.delete(gains, 3), np.diag([1.0, 2.0, 1.0, 1.5]))
    assert found is not None
    assert others is not None
    assert found.gain[3] == found.low[3] == found.high[3] == 0.0
    np.testing.assert_allclose(np.delete(found.gain, 3), others.gain)
    np.testing.assert_allclose(np.delete(found.low, 3), others.low)
    assert pooled_gains(gains[1:], errors[1:, 1:]) is None  # three tasks are left
