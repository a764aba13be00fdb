"""Policies that ask a sampler for arms with hyperparameters, batch by batch, and tell it what came of them.

Trials are asked for in batches of a fixed size and told in the order of asking, and the sampler is seeded by what it
has been told.  So what is proposed depends neither on the number of workers nor on which trial ends first, and a study
that was killed and resumed proposes what an undisturbed one would have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from study.planning.arm import Arm
from study.planning.policy import Answer, Policy, Round, Trial, Tried
from study.planning.sampling import journal
from study.planning.sampling.encoding import Encoding, Point
from study.planning.search_space import SearchSpace

DRAW, HYPERPARAMETERS = "draw", "hyperparameters"
"""Attributes of a trial: number of its draw among those of its arm, and what the draw is."""


@dataclass(frozen=True)
class Question:
    """What a sampler is asked.

    Args:
        name: of the study in the journal.
        arms: to choose from.
        most: number of trials.
        sampler: makes the sampler for a question from the number of trials told and the question's place since.
        most_of_an_arm: number of trials that one arm may have.
        rungs: numbers of epochs after which the worse half of a batch stops, and the number of all.
        beginning: points that are tried first.
        task: the one that single-task arms learn.
        first_draw: number of an arm's first draw.
        values: what is maximised, or minimised, of an answer.
        directions: of the values.
        batch: trials that are trained side by side.
        goes_on: says, by the number of trials so far, whether there may be more.
    """

    name: str
    arms: Sequence[Arm]
    most: int
    sampler: Callable[[int, int], BaseSampler]
    most_of_an_arm: int
    rungs: Sequence[int]
    beginning: Sequence[tuple[Arm, Mapping[str, Any]]] = ()
    task: str | None = None
    first_draw: int = 0
    values: Callable[[Trial, Answer], Sequence[float]] = lambda trial, answer: (answer.skill,)
    directions: Sequence[journal.Direction] = ("maximize",)
    batch: int = 8
    goes_on: Callable[[int], bool] = lambda tried: True


def ask_and_tell(space: SearchSpace, question: Question) -> Policy:
    """Have trained what a sampler proposes, and return all of it as a list of :class:`Tried`."""
    study = journal.open_study(space.directory, question.name, question.directions)
    proposer = _Proposer(study, space, question)
    while len(proposer.tried) < proposer.most and question.goes_on(len(proposer.tried)):
        asked = proposer.ask()
        batch = proposer.told_of_batch() + [trial for _, trial in asked]
        answers = yield from _halved(batch, question.rungs)
        for given, trial in asked:
            proposer.tell(given, trial, tuple(question.values(trial, answers[trial.arm, trial.draw])))
    return proposer.tried


def _halved(batch: Sequence[Trial], rungs: Sequence[int]) -> Policy:
    """Train a batch, whose worse half stops at every rung, and return each trial's last answer, by arm and draw."""
    left = list({(trial.arm, trial.draw): trial for trial in batch}.values())
    last: dict[tuple[Arm, int], Answer] = {}
    for rung in rungs:
        if len(left) == 1 and rung < rungs[-1]:
            continue  # there is nothing to compare it with
        answers = yield Round(left, rung)
        last |= {(trial.arm, trial.draw): answer for trial, answer in zip(left, answers, strict=True)}
        best = sorted(left, key=lambda trial: -last[trial.arm, trial.draw].skill)  # of equal ones the earlier
        left = best[: -(-len(left) // 2)]
    return last


class _Proposer:
    """What was proposed so far, and what is next.

    Args:
        study: of the journal.
        space: what is searched.
        question: what is asked.
    """

    def __init__(self, study: optuna.Study, space: SearchSpace, question: Question) -> None:
        self._study, self._question = study, question
        self._encoding = Encoding(question.arms, space.draws)
        self._by_label = {arm.label: arm for arm in question.arms}
        self.most = min(question.most, len(question.arms) * question.most_of_an_arm)
        self.tried = [Tried(self._trial_of(old.user_attrs), tuple(old.values or ())) for old in journal.told(study)]

    def ask(self) -> list[tuple[optuna.Trial, Trial]]:
        """Ask for the rest of the batch."""
        size, done = self._question.batch, len(self.tried)
        asked: list[tuple[optuna.Trial, Trial]] = []
        for place in range(min(size - done % size, self.most - done)):
            asked.append(self._ask_one(place, [trial for _, trial in asked]))
        return asked

    def told_of_batch(self) -> list[Trial]:
        """Return the trials of the batch under way that a killed driver had told: the others competed with them."""
        done = len(self.tried)
        return [one.trial for one in self.tried[done - done % self._question.batch :]]

    def tell(self, given: optuna.Trial, trial: Trial, values: tuple[float, ...]) -> None:
        """Tell the sampler what came of a trial."""
        journal.tell(self._study, given, *values)
        self.tried.append(Tried(trial, values))

    def _ask_one(self, place: int, since: Sequence[Trial]) -> tuple[optuna.Trial, Trial]:
        number = len(self.tried) + place
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if number < len(self._question.beginning) and not waiting:
            self._study.enqueue_trial(self._encoding.point(*self._question.beginning[number]))
        self._study.sampler = self._question.sampler(len(self.tried), place)
        given = self._study.ask()
        trial = self._trial_at(self._encoding.suggest(given), [one.trial for one in self.tried] + list(since))
        given.set_user_attr(DRAW, trial.draw)
        given.set_user_attr(HYPERPARAMETERS, trial.hyperparameters)
        given.set_user_attr(journal.PROPOSED, trial.arm.label)
        return given, trial

    def _trial_at(self, point: Point, before: Sequence[Trial]) -> Trial:
        """The trial that a point stands for; one that was proposed before is the same trial, and trains once."""
        draws: dict[Arm, dict[int, Any]] = {arm: {} for arm in self._question.arms}
        for trial in before:
            draws[trial.arm][trial.draw] = trial.hyperparameters
        left = [arm for arm, own in draws.items() if len(own) < self._question.most_of_an_arm]
        arm = self._encoding.arm(point, left or self._question.arms)
        hyperparameters = self._encoding.hyperparameters(point, arm)
        same = (draw for draw, values in draws[arm].items() if values == hyperparameters)
        draw = next(same, self._question.first_draw + len(draws[arm]))
        return Trial(arm, draw, hyperparameters, self._question.task)

    def _trial_of(self, attributes: Mapping[str, Any]) -> Trial:
        arm = self._by_label[attributes[journal.PROPOSED]]
        return Trial(arm, attributes[DRAW], attributes[HYPERPARAMETERS], self._question.task)
