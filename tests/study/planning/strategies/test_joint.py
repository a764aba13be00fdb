"""Strategy ``joint``: arms with their hyperparameters by TPE."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from study.planning.policy import Answer, Round, Trial
from study.planning.sampling import journal
from study.planning.strategies.joint import BATCH, Joint, num_trials
from tests.study.planning.strategies.played import Asked, play, play_all, space, trials


def test_baselines_get_as_many_trials_per_task_half_of_them_draws_of_the_plan(tmp_path: Path) -> None:
    among = space(tmp_path)
    _, asked = play_all(Joint(), among)
    single = among.baselines[0]
    assert single.is_single_task
    own = [trial for trial in trials(asked) if trial.arm == single]
    assert len(own) == 8, "one that is asked for alone has no rungs"
    assert Counter(trial.task for trial in own) == dict.fromkeys(among.tasks, 4)
    assert len({trial.draw for trial in own}) == 8, "a draw is of one task"
    first = [trial for trial in own if trial.task == among.tasks[1]][:2]
    for draw, trial in enumerate(first):
        planned = among.draws.of(single, draw)
        assert trial.hyperparameters is not None
        assert trial.hyperparameters == {name: pytest.approx(value) for name, value in planned.items()}


def test_trials_are_limited_and_by_default_half_of_a_grids(tmp_path: Path) -> None:
    among = space(tmp_path)
    assert num_trials(among) == 2 * len(among.open_candidates)
    assert num_trials(space(search={"trials": 3})) == 3
    assert num_trials(space(search={"trials": 10_000})) == 4 * len(among.open_candidates)
    _, asked = play(Joint().policies(among)[0])
    rounds = [one for one in asked if isinstance(one, Round)]
    first = [one for one in rounds if one.epochs == 1]
    assert len(trials(list(first))) == num_trials(among)
    assert len(first) == -(-num_trials(among) // BATCH)
    assert [(len(one.trials), one.epochs) for one in rounds[:4]] == [(8, 1), (4, 2), (2, 4), (1, 8)]
    assert Joint().of_candidates(among).epochs == sum(
        len(one.trials) * (one.epochs - before) for one, before in zip(rounds, (0, 1, 2, 4) * 99, strict=False)
    )


def near_a_peak(trial: Trial, epochs: int) -> Answer:
    """Best at two stages, width 4 and a learning rate of 0.01."""
    assert trial.hyperparameters is not None
    off = abs(math.log10(trial.hyperparameters["learning_rate"]) + 2)
    return Answer(1 - 0.3 * off - 0.2 * (trial.arm.stages != 2) - 0.2 * (trial.arm.width != 4))


def test_later_trials_are_better_than_the_first(tmp_path: Path) -> None:
    among = space(tmp_path, tuning={"draws": 64}, search={"trials": 64})
    _, asked = play(Joint().policies(among)[0], near_a_peak)
    skills = [near_a_peak(trial, 8).skill for trial in trials(asked)]
    assert statistics.mean(skills[32:]) > statistics.mean(skills[:16]) + 0.1


def once(asked: Asked) -> list[str]:
    """What was asked for, each once: a batch is played again from its first rung, of which nothing trains again."""
    return list(dict.fromkeys(map(str, asked)))


def asked_until(among_at: Path, rounds: int) -> Asked:
    """What is asked for when the driver dies after so many rounds, and the next one goes on."""
    policy = Joint().policies(space(among_at))[0]
    sent, asked = None, []
    for _ in range(rounds):
        step = policy.send(sent)
        assert isinstance(step, Round)
        sent = [near_a_peak(trial, 8) for trial in step.trials]
        asked.append(step)
    policy.close()
    return asked[:-1] + play(Joint().policies(space(among_at))[0], near_a_peak)[1]


@pytest.mark.parametrize("rounds", [1, 2])
def test_what_a_dead_driver_had_asked_for_is_asked_for_again(tmp_path: Path, rounds: int) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    _, whole = play(Joint().policies(space(tmp_path / "whole"))[0], near_a_peak)
    assert once(asked_until(tmp_path / "cut", rounds)) == once(whole)


@pytest.mark.parametrize("number", [1, 5, 9])
def test_what_a_dead_driver_had_told_competes_with_the_rest_of_its_batch(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    _, whole = play(Joint().policies(space(tmp_path / "whole"))[0], near_a_peak)
    original, left = journal.tell, [number]

    def dying(*given: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        original(*given)

    monkeypatch.setattr(journal, "tell", dying)
    with pytest.raises(KeyboardInterrupt):
        play(Joint().policies(space(tmp_path / "cut"))[0], near_a_peak)
    monkeypatch.setattr(journal, "tell", original)
    _, rest = play(Joint().policies(space(tmp_path / "cut"))[0], near_a_peak)
    assert once(rest) == once(whole)[4 * (number // BATCH) :]
