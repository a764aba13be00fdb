"""Processor time of a study's phases, from what arrays of its networks cost and how many there will be.

What a study decides as it goes is not known beforehand: which arm it judges, whether another is judged that leaves
harmed tasks out, and how many seeds the verdict adds.  The forecast takes the mean arm, and what studies usually do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

from study.planning.arm import Arm
from study.planning.array_cost import Arrays
from study.planning.plan import Plan

ArraysOf = Callable[[Arm], Sequence[Arrays]]

USUAL_REFERENCES = 0.75
"""Share of studies in which the fully shared reference is not itself the chosen arm, and is judged beside it."""
USUAL_FOLLOW_UPS = 0.3
"""Share of studies of three tasks or more that judge an arm without the harmed tasks."""
USUAL_BEST = 0.5
"""Share of tasks whose best single-task network is not of the judged arm's width, and is trained for the verdict."""
USUAL_TIMES = 3.5
"""How many times as many verdict seeds a study ends with as it begins with, if it may: 2 to 4 in the presets."""


class PhaseWork:
    """Processor seconds of the phases of a plan, with the shards' own.

    Args:
        plan: what is trained.
        arrays_of: the arrays in which replicas of an arm train.
        epochs: that every replica which is not stopped takes; by default those of the study.
    """

    def __init__(self, plan: Plan, arrays_of: ArraysOf, epochs: float | None = None) -> None:
        self.plan, self._arrays_of = plan, arrays_of
        self._epochs = epochs or plan.spec.training.epochs

    def search(self) -> float:
        """Return the seconds of the search, and of that of the baselines which only the choice of an arm calls for."""
        candidates = [self._searched(arm) for arm in self.plan.candidates]
        share = self.plan.num_trials / len(candidates)
        totals = self._judged * _mean([self._searched(arm.each()) for arm in self.plan.candidates])
        return share * sum(candidates) + sum(map(self._searched, self.plan.baselines)) + totals

    def confirm(self) -> float:
        """Return the seconds of the confirm phase, whose candidates are taken to be like all."""
        rows = len(self.plan.seeds("confirm"))
        candidates = [self._trained(arm, rows) for arm in self.plan.candidates]
        most = min(self.plan.num_confirmed, len(candidates))
        return _mean(candidates) * most + sum(self._trained(arm, rows) for arm in self.plan.baselines)

    def verdict(self) -> float:
        """Return the seconds of the verdict: of judged arms, and of the baselines of each."""
        rows = self.verdict_seeds
        candidates = self.plan.candidates
        alone = _mean([self._trained(arm.each(), rows) for arm in candidates])  # as ``each``, ``total`` and ``best``
        together = _mean([self._trained(arm, rows) + self._trained(arm.loop(), rows) for arm in candidates])
        return self._judged * (together + (2 + USUAL_BEST) * alone)

    @cached_property
    def _judged(self) -> float:
        """Usual number of judged arms."""
        references = USUAL_REFERENCES * len(self.plan.spec.verdict.judge)
        return 1 + references + (USUAL_FOLLOW_UPS if self.plan.may_follow_up else 0)

    @property
    def verdict_seeds(self) -> int:
        """Usual number of verdict seeds, with those that are added to the file's."""
        planned, verdict = len(self.plan.seeds("verdict")), self.plan.spec.verdict
        if self.plan.spec.budget is not None or verdict.max_seeds <= verdict.seeds:
            return planned
        return round(planned * min(verdict.max_seeds / verdict.seeds, USUAL_TIMES))

    def _searched(self, arm: Arm) -> float:
        """Seconds to search one arm, whose worse half of the draws stops at every rung."""
        seconds, before, left = 0.0, 0.0, len(self.plan.draws)
        for rung in (*self.plan.spec.search.rungs, 1.0):
            seconds += self._trained(arm, left * len(self.plan.seeds("search")), (rung - before) * self._epochs)
            before, left = rung, math.ceil(left / 2)
        return seconds

    def _trained(self, arm: Arm, rows: int, epochs: float | None = None) -> float:
        """Seconds to train ``rows`` of one arm for ``epochs``, by default all; of a single-task arm of every task."""
        return sum(arrays.seconds(rows, epochs or self._epochs) for arrays in self._arrays_of(arm))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
