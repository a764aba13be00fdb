"""The back end that runs jobs one after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from study.execution.backend import Machine, T
from study.execution.heartbeat import Heartbeats
from study.execution.scheduler import DONE, Scheduler
from study.jobs.job import Data
from study.store.storage import LocalStorage


class Inline:
    """The back end that runs jobs in this process.

    Args:
        heartbeats: where jobs report how far they are, and how long they may be silent.
        device: ``auto``, ``cpu`` or ``cuda``.
    """

    workers = 1
    machines: Mapping[str, Machine] = MappingProxyType({})
    most_on_a_card = 1

    def __init__(self, heartbeats: Heartbeats, device: str = "cpu") -> None:
        self.heartbeats, self.device, self._asked = heartbeats, "cpu", device

    @property
    def share(self) -> float:
        """See :attr:`study.execution.backend.Backend.share`: the one job has the whole device."""
        return 1.0

    def begin(self, data: Data) -> str:
        """Return the type of the device."""
        from mtl_core.training.device import chosen_device

        self.device = chosen_device(self._asked).type
        return self.device

    def gpus(self, data: Data) -> Mapping[str, int]:
        """Return the one GPU that this process would train on, if it would."""
        return {} if self.begin(data) == "cpu" else {"": 1}

    def on_card(self, work: Callable[[], T], data: Data, kind: str) -> T:
        """Do ``work`` here."""
        return work()

    def share_card(self, workers: int) -> None:
        """Do nothing: this process has the card to itself."""

    def run(self, scheduler: Scheduler, data: Data) -> None:
        """Run every job of ``scheduler`` on ``data``, with one thread."""
        import torch

        torch.set_num_threads(1)
        device = self.begin(data)
        seen = data if device == "cpu" else replace(data, device=device)
        while (job := scheduler.next()) is not DONE:
            if job is None:
                raise AssertionError("The scheduler waits for a job that nobody runs.")
            with self.heartbeats.of(job, scheduler.attempts(job)) as heartbeat:
                summary = job.run(seen, LocalStorage(scheduler.archive.directory), heartbeat)
            scheduler.finished(job, summary)

    def close(self) -> None:
        """Do nothing: no process was started."""
