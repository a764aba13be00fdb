"""What every search strategy promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mtl_core.registry import entries
from study.config.registered_names import STRATEGIES
from study.planning.arm import Arm
from study.planning.policy import Round
from study.planning.strategies import Strategy
from tests.study.planning.strategies.played import Asked, play_all, space, trials, whole

every_strategy = pytest.mark.parametrize("name", list(entries(STRATEGIES)))


def strategy(name: str) -> Strategy:
    return entries(STRATEGIES)[name].cls()


def draws(asked: Asked) -> Counter[Arm]:
    """How many draws every arm got; of single-task arms of all tasks together."""
    proposed = {(trial.arm, trial.draw, trial.task) for trial in trials(asked)}
    return Counter({arm: 4 * (2 if arm.is_single_task else 1) for arm in whole(asked)}) + Counter(
        arm for arm, _, _ in proposed
    )


@every_strategy
def test_a_strategy_names_its_source_and_how_it_differs(name: str) -> None:
    entry = entries(STRATEGIES)[name]
    assert len(entry.paper) > 20
    assert "Differs from the paper" in (entry.cls.__doc__ or "")


@every_strategy
def test_no_arm_is_tuned_more_than_what_it_is_compared_with(name: str, tmp_path: Path) -> None:
    among = space(tmp_path)
    _, asked = play_all(strategy(name), among)
    given = draws(asked)
    for arm in among.always:
        assert given[arm] == 4 * (2 if arm.is_single_task else 1), arm.label
    assert all(0 <= given[arm] <= 4 for arm in among.candidates)
    assert any(given[arm] for arm in among.open_candidates)


@every_strategy
def test_it_trains_at_most_what_the_plan_says(name: str, tmp_path: Path) -> None:
    among = space(tmp_path)
    _, asked = play_all(strategy(name), among)
    given = draws(asked)
    amount = strategy(name).of_candidates(among)
    assert 0 < sum(given[arm] for arm in among.open_candidates) <= amount.trials
    assert amount.epochs <= amount.trials * among.epochs
    assert strategy(name).of_one(among).trials == 4
    ended = {trial.arm for one in asked if isinstance(one, Round) and one.epochs == 8 for trial in one.trials}
    assert len((ended | set(whole(asked))) & set(among.candidates)) <= strategy(name).most_arms(among)
    assert str(amount.trials) in strategy(name).in_words(among) or name in ("grid", "optuna", "population")


@every_strategy
def test_played_twice_it_asks_the_same(name: str, tmp_path: Path) -> None:
    found = []
    for number in range(2):
        (folder := tmp_path / str(number)).mkdir()
        found.append(play_all(strategy(name), space(folder))[1])
    assert found[0] == found[1]


@every_strategy
def test_played_on_it_asks_for_nothing_that_it_remembers(name: str, tmp_path: Path) -> None:
    first = play_all(strategy(name), space(tmp_path))[1]
    again = play_all(strategy(name), space(tmp_path))[1]
    assert {str(one) for one in again} <= {str(one) for one in first}
