"""How long a job will take, as far as its place among others depends on it: by the multiply-adds of its networks."""

from __future__ import annotations

from study.jobs.job import Job
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
        task = job.tasks[0] if job.arm.is_single_task else None
        products = (
            3 * self._plan.spec.training.batch_size * self._forecaster.size(self._plan, job.arm, task).multiply_adds
        )
        step = STEP_SECONDS + products / (ENGINE_SHARE * self._forecaster.rate)
        return len(job.replicas) * job.shard.until * job.arm.train_fraction * step
