"""Policies played against a function instead of training, and a space of arms for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from study.planning.arm import Arm
from study.planning.policy import Answer, Policy, Round, Together, Trial, WholeArms
from study.planning.search_space import SearchSpace
from study.planning.strategies import Strategy
from tests.study.planning.planned import plan

Asked = list[Round | WholeArms]


def space(directory: Path = Path(), **changes: Any) -> SearchSpace:
    """Nine arms that share, their baselines, four draws, rungs at 1, 2 and 4 epochs of 8."""
    parts: dict[str, Any] = {
        "factors": {"sharing": ["hard"], "depth": "all", "stages": [1, 2, 3], "width": [2, 4]},
        "tuning": {"draws": 4},
        "training": {"epochs": 8},
        "search": {"rungs": [0.125, 0.25, 0.5], "strategy": "optuna"},
    }
    for section, values in changes.items():
        parts[section] = parts.get(section, {}) | values
    return plan(**parts).space(directory)


def by_hash(trial: Trial, epochs: int) -> Answer:
    """A skill that follows from arm, draw and hyperparameters, and grows with the epochs."""
    from mtl_core.randomness.seeding import stream_seed

    level = stream_seed(0, trial.arm.label, str(trial.task), str(trial.hyperparameters or trial.draw)) / 2**63
    tasks = [trial.task] if trial.task else ["task 0", "task 1"]
    skill = level * (1 - 0.5**epochs)
    skills = {task: skill + 0.1 * place for place, task in enumerate(tasks)}
    return Answer(skill, skills, trial.arm.width * trial.arm.stages)


def play(
    policy: Policy, answer: Callable[[Trial, int], Answer] = by_hash, value: Callable[[Arm], float] = lambda arm: 0.0
) -> tuple[Any, Asked]:
    """Return what ``policy`` returns when it is answered so, and all that it asked for."""
    asked: Asked = []
    sent: Any = None
    while True:
        try:
            step = policy.send(sent)
        except StopIteration as end:
            return end.value, asked
        if isinstance(step, Together):
            played = [play(inner, answer, value) for inner in step.policies]
            sent = [result for result, _ in played]
            asked += [one for _, own in played for one in own]
        elif isinstance(step, WholeArms):
            asked.append(step)
            sent = [value(arm) for arm in step.arms]
        else:
            asked.append(step)
            sent = [answer(trial, step.epochs) for trial in step.trials]


def play_all(
    strategy: Strategy, among: SearchSpace, answer: Callable[[Trial, int], Answer] = by_hash
) -> tuple[list[Any], Asked]:
    """Play all policies of a strategy, one after the other."""
    played = [play(policy, answer) for policy in strategy.policies(among)]
    return [result for result, _ in played], [one for _, own in played for one in own]


def whole(asked: Asked) -> list[Arm]:
    """The arms that are searched with every draw."""
    return [arm for one in asked if isinstance(one, WholeArms) for arm in one.arms]


def trials(asked: Asked) -> list[Trial]:
    """The trials of all rounds."""
    return [trial for one in asked if isinstance(one, Round) for trial in one.trials]
