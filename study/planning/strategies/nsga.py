"""Search strategy ``nsga``: a front of arms between mean gain, worst task and multiply-adds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from study.planning.arm import Arm
from study.planning.policy import Amount, Answer, Policy, Together, Trial, Tried
from study.planning.search_space import SearchSpace
from study.planning.strategies import Strategy
from study.planning.strategies.joint import beginning, num_trials, tune_one

STUDY = "front"
POPULATION = 12
"""Trials of a generation."""
DIRECTIONS = ("maximize", "maximize", "minimize")


class Nsga(Strategy):
    """NSGA-II breeds arms with hyperparameters for three ends: mean gain, gain of the worst task, multiply-adds.

    A gain is the validation skill of a task over that of its best single-task network of the same width.  These, the
    independent networks and the fully shared references are searched first, each with ``tuning.draws`` trials from a
    TPE sampler; no other arm gets more than that many, as in ``joint``.  What no other trial beats in all three ends is
    the front, and all its arms are confirmed.  All trials train to their end; rungs do not count.

    Source: K. Deb, A. Pratap, S. Agarwal & T. Meyarivan, "A fast and elitist multiobjective genetic algorithm:
    NSGA-II", IEEE Transactions on Evolutionary Computation 2002.

    Differs from the paper: it is Optuna's sampler, with uniform crossover and generations of twelve trials;
    multiply-adds are compared by their logarithm.
    """

    finds_front = True
    starts_warm = True

    def policies(self, space: SearchSpace) -> list[Policy]:
        return [self._all(space)]

    def search_one(self, space: SearchSpace, arm: Arm) -> Policy:
        """Tune one arm as :func:`study.planning.strategies.joint.tune_one` does."""
        return tune_one(space, arm, [space.epochs])

    def of_candidates(self, space: SearchSpace) -> Amount:
        number = num_trials(space)
        return Amount(number, number * space.epochs)

    def of_one(self, space: SearchSpace) -> Amount:
        return Amount(len(space.draws), len(space.draws) * space.epochs)

    def in_words(self, space: SearchSpace) -> str:
        return (
            f"NSGA-II proposes {num_trials(space)} arms with hyperparameters, at most {len(space.draws)} of any arm; "
            f"every reference and, for every task, every baseline gets {len(space.draws)} trials of the same length "
            "from TPE; no trial is stopped at a rung"
        )

    def _all(self, space: SearchSpace) -> Policy:
        """Search what candidates are compared with, then the candidates."""
        found = yield Together([self.search_one(space, arm) for arm in space.always])
        alone = {
            arm: [max((tried.values[0] for tried in task), default=-1.0) for task in tasks]
            for arm, tasks in zip(space.always, found, strict=True)
            if arm.is_single_task
        }
        by_arm = {arm: dict(zip(space.tasks, skills, strict=True)) for arm, skills in alone.items()}
        if not space.open_candidates:
            return []
        tried = yield from _breed(space, by_arm)
        return [_facts(one) for one in undominated(tried)]

    def front(self, results: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what no other trial beats in all three ends: arm, draw, and what it reaches."""
        return results[0]


def undominated(tried: Sequence[Tried]) -> list[Tried]:
    """Return the trials to which no other is equal or better in all ends and better in one, each arm and draw once."""
    ends = {(one.trial.arm, one.trial.draw): one for one in tried if one.values}
    return [one for one in ends.values() if not any(_dominates(other.values, one.values) for other in ends.values())]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    differences = [a - b if way == "maximize" else b - a for a, b, way in zip(one, other, DIRECTIONS, strict=True)]
    return min(differences) >= 0 and max(differences) > 0


def _facts(tried: Tried) -> dict[str, Any]:
    mean, worst, cost = tried.values
    facts = {"mean_gain": mean, "worst_gain": worst, "multiply_adds": round(math.exp(cost))}
    return {"arm": tried.trial.arm.label, "draw": tried.trial.draw, **facts}


def _breed(space: SearchSpace, alone: Mapping[Arm, Mapping[str, float]]) -> Policy:
    from study.planning.sampling.adaptive import Question, ask_and_tell
    from study.planning.sampling.samplers import nsga

    number = num_trials(space)
    first = beginning(space, min(POPULATION, number))
    sampler = partial(nsga, population=POPULATION)
    most, ends = len(space.draws), partial(objectives, alone)
    ends_of = {"values": ends, "directions": DIRECTIONS, "batch": POPULATION, "goes_on": space.goes_on}
    question = Question(STUDY, space.open_candidates, number, sampler, most, [space.epochs], first, **ends_of)
    return (yield from ask_and_tell(space, question))


def objectives(alone: Mapping[Arm, Mapping[str, float]], trial: Trial, answer: Answer) -> tuple[float, float, float]:
    """Return mean gain, gain of the worst task, and the logarithm of the multiply-adds.

    Args:
        alone: validation skill of the best single-task networks, by arm and task.
        trial: what was trained.
        answer: what came of it.
    """
    best = alone[trial.arm.each()]
    gains = [answer.skills.get(task, -1.0) - best[task] for task in best]
    return statistics.mean(gains), min(gains), math.log(max(answer.multiply_adds, 1.0))
