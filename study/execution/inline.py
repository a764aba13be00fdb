"""Jobs one after the other, in this process."""

from __future__ import annotations

from study.execution.heartbeat import Heartbeats
from study.execution.scheduler import DONE, Flow
from study.jobs.job import Data


class Inline:
    """The back end without processes.

    Args:
        heartbeats: where jobs report how far they are, and how long they may be silent.
    """

    workers = 1

    def __init__(self, heartbeats: Heartbeats) -> None:
        self.heartbeats = heartbeats

    def run(self, flow: Flow, data: Data) -> None:
        """Run every job of ``flow``."""
        import torch

        torch.set_num_threads(1)
        while (job := flow.next()) is not DONE:
            if job is None:
                raise AssertionError("The flow waits for a job that nobody runs.")
            with self.heartbeats.of(job, flow.attempts(job)) as beat:
                summary = job.run(data, flow.archive.directory, beat)
            flow.finished(job, summary)

    def close(self) -> None:
        """Nothing is left behind."""
