"""Where jobs run: in this process, or on Ray Tune.  A back end asks the flow for jobs and tells it how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from study.execution.heartbeat import Heartbeats
    from study.execution.scheduler import Scheduler
    from study.jobs.job import Data


class Backend(Protocol):
    """What runs jobs.

    Attributes:
        workers: jobs that run at once.
        heartbeats: where running jobs say how far they are.
    """

    workers: int
    heartbeats: Heartbeats

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``."""
        ...

    def close(self) -> None:
        """Leave no process behind."""
        ...
