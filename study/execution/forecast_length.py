"""How long a job will take, as far as its place among others depends on it."""

from __future__ import annotations

from study.jobs.job import Job
from study.jobs.score import ScoringJob
from study.jobs.shard import Shard
from study.planning.arm import Arm
from study.planning.array_cost import ArrayTime
from study.planning.cards.study_cards import StudyCards
from study.planning.network_costs import NetworkCosts
from study.planning.prepare import Prepared

SCORING_EPOCHS = 1.0
"""Epochs of training that scoring is worth, more or less: a forward pass over other examples, and no step."""


_Key = tuple[Arm, str | None, bool]


class ForecastLength:
    """The forecast of a job's length: seconds of its replicas as one array, from the rung that they are at.

    They are those of a processor, or of a worker on a GPU; scoring is a processor's in any case.

    Args:
        prepared: the study that the jobs belong to.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._plan = prepared.plan
        scoring = NetworkCosts(prepared.task_set, prepared.rate, prepared.trials)
        self._costs, self._known = {True: scoring, False: _on_cards(scoring, prepared.cards)}, dict[_Key, ArrayTime]()
        self._at_once = 1 if prepared.cards is None else prepared.cards.arrays

    def __call__(self, job: Job) -> float:
        """Return the length of ``job``."""
        task = next(iter(job.replicas.values())).task  # of several they are alike
        scores = isinstance(job, ScoringJob)
        key = (job.arm, task, scores)
        if key not in self._known:
            self._known[key] = self._costs[scores].cost(self._plan, job.arm, task).at_once(self._at_once)
        return self._known[key].seconds(len(job.replicas), SCORING_EPOCHS if scores else self._epochs(job.shard))

    def _epochs(self, shard: Shard) -> float:
        """Epochs from the rung before, where the replicas have been there, to the shard's last."""
        if shard.phase != "search" or not shard.sources:
            return shard.until
        return shard.until - max((rung for rung in self._plan.rungs if rung < shard.until), default=0)


def _on_cards(costs: NetworkCosts, cards: StudyCards | None) -> NetworkCosts:
    """The costs on the GPUs that train, of the kind of which there are most; those of processors where none do."""
    if cards is None or not cards.is_measured:
        return costs
    return costs.on(cards.on(max(cards.kinds, key=lambda kind: kind.number)))
