"""What Ray Tune adds to shards: their rate from the first to the last, by workers, and the overhead over pure work.

    python -m tests.benchmarks.bench_shards --shards 5000                       the rate, for every 500
    python -m tests.benchmarks.bench_shards --shards 40 --seconds 2 --workers 2  against --workers 1
    python -m tests.benchmarks.bench_shards --shards 8 --seconds 30              the overhead

A shard sleeps for so many seconds instead of training, so that a busy machine does not decide what is measured here.
The start of Ray and of its workers is left out: the clock starts when the first shard is handed out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.execution.scheduler import Scheduler, Steps
from study.jobs.job import Data, Heartbeat, Job, Summary
from study.planning.arm import Arm
from study.store.archive import Archive, Entry
from study.store.ledger import Ledger
from study.store.storage import Storage
from tests.study.conftest import small_task_set

ARM = Arm("hard", 1, 1, 4)
EVERY = 500
"""Shards whose rate is measured together."""


@dataclass(frozen=True)
class Sleeping(Job):
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

    def keeping(self, keys: Sequence[str], archive: Archive) -> Sleeping:
        return self

    def collect(self, archive: Archive) -> bool:
        archive.entries[self.name] = Entry(ARM.label, self.phase, "finished", 1, "", self.name)
        return True

    def give_up(self, archive: Archive, reason: str) -> None:
        raise AssertionError(reason)


class Timed(Scheduler):
    """A scheduler that notes when jobs are handed out and when they end."""

    def __init__(self, *arguments: Any) -> None:
        self.begun: float | None = None
        self.ends: list[float] = []
        super().__init__(*arguments)

    def next(self) -> Any:
        found = super().next()
        if self.begun is None and isinstance(found, Job):
            self.begun = time.monotonic()
        return found

    def finished(self, job: Job, summary: Summary) -> None:
        super().finished(job, summary)
        self.ends.append(time.monotonic())


def timed(shards: int, seconds: float, workers: int) -> tuple[float, list[float]]:
    """Run so many shards; return when the first was handed out, and when each of them ended."""
    from study.execution.ray_tune import RayTune

    def steps() -> Steps:
        yield [Sleeping(None, number, seconds) for number in range(shards)]  # type: ignore[arg-type]

    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as folder, Ledger(Path(folder)) as ledger:
        out = Path(folder)
        scheduler = Timed(steps(), Archive(out), ledger)
        backend = RayTune(out / "s", address=None, workers=workers)
        try:
            backend.run(scheduler, Data(small_task_set().development))
        finally:
            backend.close()
    assert scheduler.begun is not None
    return scheduler.begun, scheduler.ends


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    begun, ends = timed(asked.shards, asked.seconds, asked.workers)
    for start in range(0, len(ends) - EVERY + 1, EVERY):
        since = ends[start - 1] if start else begun
        rate = EVERY / (ends[start + EVERY - 1] - since)
        print(f"shards {start + 1} to {start + EVERY}: {rate:.1f} a second", flush=True)
    wall, work = ends[-1] - begun, asked.shards * asked.seconds / asked.workers
    print(f"{asked.shards} shards of {asked.seconds} s with {asked.workers} workers: {wall:.1f} s", end="")
    print(f", {wall / work - 1:.1%} over pure work" if work else "")


if __name__ == "__main__":
    main()
