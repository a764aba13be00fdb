"""Processor time of a study's phases, from what arrays of its networks cost and how many there will be.

What a study decides as it goes is not known beforehand: which arm it judges, whether another is judged that leaves
harmed tasks out, and how many seeds the verdict adds.  The forecast takes the mean arm, and what studies usually do.
Outer folds choose for themselves, on examples of which they share most.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Protocol

from analysis.records.phases import PHASES
from study.planning.arm import Arm
from study.planning.plan import Plan


class Rows(Protocol):
    """Replicas of an arm that train in the same arrays: :class:`study.planning.array_cost.Arrays`, or a count."""

    def seconds(self, rows: float, epochs: float) -> float:
        """Return what ``rows`` replicas take for ``epochs``, of a single-task arm so many of each task."""
        ...


ArraysOf = Callable[[Arm], Sequence[Rows]]

USUAL_FOLLOW_UPS = 0.3
"""Share of studies of three tasks or more that judge an arm without the harmed tasks."""
USUAL_BEST = 0.5
"""Share of tasks whose best single-task network is not of the judged arm's width, and is trained for the verdict."""
BLOCK_TIMES = 2
"""How many times as many verdict seeds a study has after each further block; five of six studies went to the most."""


def most_replicas(plan: Plan) -> int:
    """Return how many replicas of an arm there are at once, at most; of a single-task arm so many of each task."""
    draws = {phase: len(plan.draws) if phase == "search" else 1 for phase in PHASES}
    return max(draws[phase] * len(plan.seeds(phase)) for phase in PHASES)


class PhaseWork:
    """Processor seconds of the phases of a plan, with the shards' own; on a GPU the seconds of its workers.

    Args:
        plan: what is trained.
        arrays_of: the arrays in which replicas of an arm train.
        epochs: that every replica which is not stopped takes; by default those of the study.
    """

    def __init__(self, plan: Plan, arrays_of: ArraysOf, epochs: float | None = None) -> None:
        self.plan, self._arrays_of = plan, arrays_of
        self._epochs = epochs or plan.spec.training.epochs

    def search(self) -> float:
        """Return the seconds of the search, and of that of the arms which only the choice of an arm calls for."""
        space, strategy = self.plan.space(), self.plan.strategy
        open_to_it = [self._searched(arm) for arm in space.open_candidates]
        share = strategy.of_candidates(space).epochs / (space.halved_epochs() * max(len(open_to_it), 1))
        alone = strategy.of_one(space).epochs / space.halved_epochs()
        always = sum(map(self._searched, space.always))
        return share * sum(open_to_it) + alone * (always + self._added()) + self._explored()

    def confirm(self) -> float:
        """Return the seconds of the confirm phase, whose candidates are taken to be like all."""
        rows = len(self.plan.seeds("confirm"))
        candidates = [self._trained(arm, rows) for arm in self.plan.candidates]
        most = min(self.plan.num_confirmed, len(candidates))
        return _mean(candidates) * most + sum(self._trained(arm, rows) for arm in self.plan.baselines)

    def verdict(self) -> float:
        """Return the seconds of the verdict: of judged arms, and of the baselines of each."""
        return sum(map(self._judged, self.verdict_blocks))

    @property
    def verdict_blocks(self) -> list[int]:
        """Usual numbers of verdict seeds that train together: those of the file, then more up to the most it allows."""
        planned, verdict = len(self.plan.seeds("verdict")), self.plan.spec.verdict
        blocks = [planned]
        while self.plan.spec.budget is None and sum(blocks) < verdict.max_seeds:
            blocks.append(min((BLOCK_TIMES - 1) * sum(blocks), verdict.max_seeds - sum(blocks)))
        return blocks

    def _explored(self) -> float:
        """Seconds of what the strategy explores beside the candidates, in fully shared networks."""
        beside = self.plan.strategy.beside(self.plan.space())
        rows = len(self.plan.seeds("search")) * beside.epochs / self.plan.spec.training.epochs
        return _mean([self._trained(arm, rows) for arm in self.plan.all_fully_shared]) if rows else 0.0

    def _judged(self, seeds: int) -> float:
        """Seconds of one block of the verdict; a reference and a follow-up share the baselines of the chosen arm."""
        candidates, references, alone = self.plan.candidates, self.plan.references, self._alone
        loops = list(dict.fromkeys(arm.loop() for arm in candidates))
        return (
            self._by_folds(self._trained, [*candidates], seeds)
            + self._by_folds(self._trained, loops, seeds)
            + (1 + USUAL_BEST) * self._by_folds(self._trained, alone, seeds)  # as ``each`` and ``best``
            + self._by_folds(self._trained_total, self._sizes(candidates), seeds)
            + self._references * self._by_folds(self._trained, [*references], seeds)
            + self._references * self._by_folds(self._trained_total, self._sizes(references), seeds)
            + self._follow_ups * self._by_folds(self._trained, [*candidates], seeds)
            + self._usually_beside * _mean([self._trained(arm, seeds) for arm in self.plan.all_fully_shared])
        )

    def _added(self) -> float:
        """Seconds to search ``total`` of every judged arm, and the follow-up: for all folds together, and for each."""

        def total(arm: Arm, share: float) -> float:
            return self._searched(arm.each(), share)

        found = 0.0
        for usual, search, arms in (
            (1.0, total, self._sizes(self.plan.candidates)),
            (self._references, total, self._sizes(self.plan.references)),
            (self._follow_ups, self._searched, [*self.plan.candidates]),
        ):
            others = 1 - 1 / self._groups(arms)  # one group has chosen what is chosen on all folds together
            found += usual * (_mean([search(arm, 1.0) for arm in arms]) + others * self._by_folds(search, arms, 1.0))
        return found

    @cached_property
    def _alone(self) -> list[Arm]:
        """The single-task arms of all candidates."""
        return list(dict.fromkeys(arm.each() for arm in self.plan.candidates))

    def _sizes(self, arms: Iterable[Arm]) -> list[Arm]:
        """One of ``arms`` for every size, since arms of one size have the same ``total``."""
        return list({(arm.sharing, arm.backbone, arm.stages, arm.depth, arm.width): arm for arm in arms}.values())

    def _trained_total(self, arm: Arm, rows: float) -> float:
        return self._trained(arm.each(), rows)

    def _by_folds(self, cost: Callable[[Arm, float], float], arms: Sequence[Arm], rows: float) -> float:
        """Seconds of so many rows of whichever of ``arms`` each fold has chosen."""
        groups = self._groups(arms)
        return groups * _mean([cost(arm, rows / groups) for arm in arms])

    def _groups(self, arms: Sequence[Arm]) -> float:
        """How many different ones of ``arms`` the folds choose: halfway between one and what chance would choose."""
        kinds = max(len(arms), 1)
        by_chance = kinds * (1 - (1 - 1 / kinds) ** self.plan.folds)
        return (1 + by_chance) / 2

    @property
    def _usually_beside(self) -> int:
        """Usual number of arms that the verdict phase trains beside the judged ones, of which equal weights are one."""
        return max(self.plan.num_explored - 1, 0)

    @property
    def _references(self) -> float:
        """Usual number of references that are judged beside the chosen arm, which may be one itself."""
        return 1 - len(self.plan.references) / len(self.plan.candidates) if self.plan.references else 0.0

    @property
    def _follow_ups(self) -> float:
        """Usual number of arms that are judged without the harmed tasks."""
        return USUAL_FOLLOW_UPS if self.plan.may_follow_up else 0.0

    def _searched(self, arm: Arm, share: float = 1.0) -> float:
        """Seconds to search one arm with a share of the seeds; the worse half of the draws stops at every rung."""
        seconds, before, left = 0.0, 0.0, len(self.plan.draws)
        for rung in (*self.plan.spec.search.rungs, 1.0):
            rows = share * left * len(self.plan.seeds("search"))
            seconds += self._trained(arm, rows, (rung - before) * self._epochs)
            before, left = rung, math.ceil(left / 2)
        return seconds

    def _trained(self, arm: Arm, rows: float, epochs: float | None = None) -> float:
        """Seconds to train ``rows`` of one arm for ``epochs``, by default all; of a single-task arm of every task."""
        return sum(arrays.seconds(rows, epochs or self._epochs) for arrays in self._arrays_of(arm))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
