"""How long a job will take, as far as its place among others depends on it."""

from __future__ import annotations

from study.jobs.job import Job
from study.planning.arm import Arm
from study.planning.array_cost import ArrayCost
from study.planning.network_costs import NetworkCosts
from study.planning.prepare import Prepared


class ForecastLength:
    """The forecast of a job's length: processor seconds of its replicas as one array, up to the shard's last epoch.

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
        return self._known[job.arm, task].seconds(len(job.replicas), job.shard.until)
