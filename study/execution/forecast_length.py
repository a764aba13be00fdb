"""How long a job will take, as far as its place among others depends on it."""

from __future__ import annotations

from study.jobs.job import Job
from study.jobs.score import ScoringJob
from study.jobs.shard import Shard
from study.planning.arm import Arm
from study.planning.array_cost import ArrayCost
from study.planning.network_costs import NetworkCosts
from study.planning.prepare import Prepared

SCORING_EPOCHS = 1.0
"""Epochs of training that scoring is worth, more or less: a forward pass over other examples, and no step."""


class ForecastLength:
    """The forecast of a job's length: processor seconds of its replicas as one array, from the rung that they are at.

    Args:
        prepared: the study that the jobs belong to.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._plan = prepared.plan
        self._costs = NetworkCosts(prepared.task_set, prepared.rate, prepared.trials)
        self._known: dict[tuple[Arm, str | None], ArrayCost] = {}

    def __call__(self, job: Job) -> float:
        """Return the length of ``job``."""
        task = next(iter(job.replicas.values())).task  # of several they are alike
        if (job.arm, task) not in self._known:
            self._known[job.arm, task] = self._costs.cost(self._plan, job.arm, task)
        epochs = SCORING_EPOCHS if isinstance(job, ScoringJob) else self._epochs(job.shard)
        return self._known[job.arm, task].seconds(len(job.replicas), epochs)

    def _epochs(self, shard: Shard) -> float:
        """Epochs from the rung before, where the replicas have been there, to the shard's last."""
        if shard.phase != "search" or not shard.sources:
            return shard.until
        return shard.until - max((rung for rung in self._plan.rungs if rung < shard.until), default=0)
