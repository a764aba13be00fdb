"""How long a job will take, as far as its place among others depends on it: by the multiply-adds of its networks."""

from __future__ import annotations

from collections import Counter

from study.jobs.job import Job
from study.planning.arm import Arm
from study.planning.forecast import ENGINE_SHARE, STEP_SECONDS, Forecaster
from study.planning.prepare import Prepared


class ForecastLength:
    """The forecast of a job's length: replicas times epochs times what a step of one of them costs.

    All jobs of a study see as many examples an epoch, but for arms that train on a part of them.  So a step stands for
    an epoch, and the unit is none.

    Args:
        prepared: the study that the jobs belong to.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._plan, self._forecaster = prepared.plan, Forecaster(prepared.task_set, 1, prepared.rate)

    def __call__(self, job: Job) -> float:
        """Return the length of ``job``."""
        tasks = Counter(replica.task for replica in job.replicas.values())
        steps = sum(number * self._step(job.arm, task) for task, number in tasks.items())
        return job.shard.until * job.arm.train_fraction * steps

    def _step(self, arm: Arm, task: str | None) -> float:
        size, batch = self._forecaster.size(self._plan, arm, task), self._plan.spec.training.batch_size
        return STEP_SECONDS + 3 * batch * size.multiply_adds / (ENGINE_SHARE * self._forecaster.rate)
