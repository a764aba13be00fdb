"""A job that sleeps instead of training; in a module of its own, since what a script defines is pickled by value."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from study.jobs.job import Data, Heartbeat, Job, Summary
from study.planning.arm import Arm
from study.store.archive import Archive, Entry
from study.store.storage import Storage

ARM = Arm("hard", 1, 1, 4)


@dataclass(frozen=True)
class SleepingJob(Job):
    """A job that sleeps and records nothing but that it ended."""

    number: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.number:016x}"

    @property
    def phase(self) -> str:
        return "search"

    @property
    def arm(self) -> Arm:
        return ARM

    @property
    def tasks(self) -> tuple[str, ...]:
        return ("rain",)

    @property
    def replicas(self) -> Mapping[str, Any]:
        return {self.name: None}

    def run(self, data: Data, storage: Storage, heartbeat: Heartbeat) -> Summary:
        time.sleep(self.seconds)
        return Summary("recorded", seconds=self.seconds)

    def missing(self, archive: Archive) -> list[str]:
        return [key for key in self.replicas if key not in archive.entries]

    def keeping(self, keys: Sequence[str], archive: Archive) -> SleepingJob:
        return self

    def collect(self, archive: Archive) -> bool:
        archive.entries[self.name] = Entry(ARM.label, self.phase, "finished", 1, "", self.name)
        return True

    def give_up(self, archive: Archive, reason: str) -> None:
        raise AssertionError(reason)
