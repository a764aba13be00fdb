"""Back ends: where jobs run.  A back end asks the scheduler for jobs and tells it how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from study.execution.heartbeat import Heartbeats
    from study.execution.scheduler import Scheduler
    from study.jobs.job import Data


class Backend(Protocol):
    """A back end: this process, or Ray Tune.

    Attributes:
        heartbeats: where running jobs say how far they are.
    """

    heartbeats: Heartbeats

    @property
    def workers(self) -> int:
        """Jobs that run at once, now: machines of a cluster come and go."""
        ...

    def begin(self, data: Data) -> str:
        """Start what has to be started for ``data``, and return the type of the device that replicas will train on.

        Raises:
            UserError: when the device that was asked for is not there.
        """
        ...

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``."""
        ...

    def close(self) -> None:
        """End every process that the back end has started."""
        ...
