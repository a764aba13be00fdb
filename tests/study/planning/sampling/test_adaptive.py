"""Asking a sampler batch by batch."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from study.planning.policy import Answer
from study.planning.sampling.adaptive import Question, ask_and_tell
from study.planning.sampling.samplers import tpe
from study.planning.search_space import SearchSpace
from tests.study.planning.strategies.played import by_hash, play, space, trials


def question(among: SearchSpace, most: int, most_of_an_arm: int = 4, **others: Any) -> Question:
    sampler = partial(tpe, at_random=4)
    return Question("study", among.open_candidates, most, sampler, most_of_an_arm, [8], batch=3, **others)


def test_batches_have_one_size_and_the_last_what_is_left(tmp_path: Path) -> None:
    among = space(tmp_path)
    tried, asked = play(ask_and_tell(among, question(among, 8)))
    assert [len(one.trials) for one in asked if hasattr(one, "trials")] == [3, 3, 2]
    assert [one.trial for one in tried] == trials(asked)
    assert [one.values for one in tried] == [(by_hash(trial, 8).skill,) for trial in trials(asked)]


def test_no_arm_has_more_trials_than_it_may_and_there_are_no_more_than_that(tmp_path: Path) -> None:
    among = space(tmp_path)
    tried, _ = play(ask_and_tell(among, question(among, 1_000, most_of_an_arm=2)))
    assert len(tried) == 2 * len(among.open_candidates)
    assert len({(one.trial.arm, one.trial.draw) for one in tried}) == len(tried)


def test_what_is_to_come_first_does(tmp_path: Path) -> None:
    among = space(tmp_path)
    arm = among.open_candidates[-1]
    first = [(arm, among.draws.of(arm, draw)) for draw in (3, 2)]
    tried, _ = play(ask_and_tell(among, question(among, 4, beginning=first)))
    assert [one.trial.arm for one in tried[:2]] == [arm, arm]


def test_a_point_that_comes_twice_is_one_trial(tmp_path: Path) -> None:
    among = space(tmp_path)
    arm = among.open_candidates[0]
    same = [(arm, among.draws.of(arm, 0))] * 3
    tried, _ = play(ask_and_tell(among, question(among, 3, beginning=same)))
    assert {one.trial.draw for one in tried} == {0}


def test_a_study_with_all_its_trials_asks_for_nothing(tmp_path: Path) -> None:
    among = space(tmp_path)
    first, _ = play(ask_and_tell(among, question(among, 6)))
    again, asked = play(ask_and_tell(among, question(among, 6)), lambda trial, epochs: Answer(9.0))
    assert not asked
    assert again == first
