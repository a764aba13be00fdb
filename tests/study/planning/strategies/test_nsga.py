"""Strategy ``nsga``: a front between mean gain, worst task and cost."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from study.planning.policy import Answer, Round, Trial, Tried
from study.planning.strategies.nsga import Nsga, objectives, undominated
from tests.study.planning.strategies.played import by_hash, play_all, space, trials


def test_candidates_are_bred_once_all_that_they_are_compared_with_is_searched(tmp_path: Path) -> None:
    among = space(tmp_path)
    _, asked = play_all(Nsga(), among)
    open_to_it = [trial.arm in among.open_candidates for trial in trials(asked)]
    assert open_to_it == sorted(open_to_it)
    assert all(isinstance(one, Round) and one.epochs == 8 for one in asked)


def test_gains_are_over_the_best_single_task_network_of_the_same_width() -> None:
    arm = space().open_candidates[0]
    alone = {arm.each(): {"task 0": 0.5, "task 1": 0.2}}
    found = objectives(alone, Trial(arm, 0), Answer(0.5, {"task 0": 0.6, "task 1": 0.1}, 1000.0))
    assert found == pytest.approx((0.0, -0.1, math.log(1000)))


def test_the_front_is_what_nothing_beats_in_all_ends(tmp_path: Path) -> None:
    arms = space().open_candidates
    tried = [
        Tried(Trial(arm, 0), values)
        for arm, values in zip(
            arms, [(1.0, 0.0, 5.0), (0.5, 0.1, 5.0), (0.5, 0.0, 5.0), (0.2, -1.0, 1.0)], strict=False
        )
    ]
    assert [one.trial.arm for one in undominated(tried)] == [arms[0], arms[1], arms[3]]
    results, asked = play_all(Nsga(), space(tmp_path))
    front = Nsga().front(results)
    assert front
    bred = {(trial.arm.label, trial.draw): trial for trial in trials(asked)}
    for row in front:
        assert row["multiply_adds"] == round(by_hash(bred[row["arm"], row["draw"]], 8).multiply_adds)
        assert row["worst_gain"] <= row["mean_gain"]
