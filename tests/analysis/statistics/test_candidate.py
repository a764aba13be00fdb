"""Which tasks are proposed to be trained alone, on hand-made validation skills."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.candidate import Proposal, proposal
from tests.analysis.selection.replicas import frame, replica

TASKS = ("zeta", "alpha", "mid")
SINGLES = {"deep": "alone", "flat": "alone"}


def records(deep: dict[str, float], flat: dict[str, float], *, noise: float = 0.01, seeds: int = 4) -> pd.DataFrame:
    """Confirm records of two arms that share, by gain over single-task networks of skill 0.5, and of these."""
    chance, parts = np.random.default_rng(1), []
    for seed in range(seeds):
        for arm, gains in (("deep", deep), ("flat", flat)):
            curves = {task: [0.5 + gains[task] + noise * chance.normal()] for task in TASKS}
            parts.append(replica(arm, seed, curves, phase="confirm"))
        for task in reversed(TASKS):  # another order of the tasks than the shared networks have
            parts.append(replica("alone", seed, {task: [0.5]}, phase="confirm", sharing="single_task"))
    return frame(*parts)


def gains(zeta: float, alpha: float, mid: float) -> dict[str, float]:
    return {"zeta": zeta, "alpha": alpha, "mid": mid}


def test_the_harmed_task_is_trained_alone_with_the_arm_that_is_best_for_the_rest() -> None:
    deep, flat = gains(0.05, -0.3, 0.05), gains(0.02, -0.1, 0.02)
    assert proposal(records(deep, flat), SINGLES, band=1.0) == Proposal("deep", ("alpha",))


def test_without_harm_or_without_two_tasks_left_nothing_is_proposed() -> None:
    fine, bad = gains(0.05, 0.0, 0.05), gains(0.05, -0.3, -0.3)
    assert proposal(records(fine, fine), SINGLES, band=1.0) is None
    assert proposal(records(bad, bad), SINGLES, band=1.0) is None


@pytest.mark.parametrize(("gain", "noise"), [(-0.008, 0.001), (-0.03, 0.1)])
def test_a_loss_within_the_band_or_within_noise_is_no_harm(gain: float, noise: float) -> None:
    small = gains(0.05, gain, 0.05)
    assert proposal(records(small, small, noise=noise), SINGLES, band=1.0) is None


def test_an_arm_that_does_better_for_all_of_them_leaves_nothing_to_propose() -> None:
    assert proposal(records(gains(0.05, -0.3, 0.05), gains(0.2, 0.2, 0.2)), SINGLES, band=1.0) is None


def test_a_single_seed_shows_no_harm() -> None:
    deep = gains(0.05, -0.3, 0.05)
    assert proposal(records(deep, deep, seeds=1), SINGLES, band=1.0) is None


def test_whether_the_rest_is_worth_sharing_goes_by_stated_importance() -> None:
    deep, flat = gains(0.05, -0.3, 0.05), gains(0.0, 0.12, 0.0)
    assert proposal(records(deep, flat), SINGLES, band=1.0) is None  # the flat arm gains more on the mean
    found = proposal(records(deep, flat), SINGLES, 1.0, {"zeta": 10.0, "mid": 10.0, "alpha": 1.0})
    assert found == Proposal("deep", ("alpha",))


def test_of_two_harmed_tasks_among_three_the_worse_is_trained_alone_where_the_pair_still_gains() -> None:
    slightly = gains(0.2, -0.15, -0.3)
    found = proposal(records(slightly, slightly), SINGLES, band=1.0)
    assert found is not None
    assert found.alone == ("mid",)


def test_a_settled_number_of_tasks_is_left_out_however_they_fare() -> None:
    fine = records(gains(0.05, 0.01, 0.06), gains(0.02, 0.01, 0.02))
    assert proposal(fine, SINGLES, 1.0, None, 1) == Proposal("deep", ("alpha",))
    noisy = records(gains(0.05, -0.1, 0.05), gains(0.02, -0.1, 0.02), noise=0.05, seeds=2)
    found = proposal(noisy, SINGLES, 1.0, None, 1)
    assert found is not None
    assert found.alone == ("alpha",)
