"""What Ray Tune adds to shards: their rate from the first to the last, by workers, and the overhead over pure work.

    python -m tests.benchmarks.bench_shards --shards 5000                       the rate, for every 500
    python -m tests.benchmarks.bench_shards --shards 40 --seconds 2 --workers 2  against --workers 1
    python -m tests.benchmarks.bench_shards --shards 8 --seconds 30              the overhead

A shard sleeps instead of training, so that a busy machine does not decide what is measured here.  The
driver's processor time is told beside the rate.  The start of Ray and of its workers is left out: the clock starts when
the first shard is handed out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from study.execution.scheduler import Scheduler, Steps
from study.jobs.job import Data, Job, Summary
from study.store.archive import Archive
from study.store.ledger import Ledger
from tests.benchmarks.sleeping_job import SleepingJob
from tests.study.conftest import small_task_set

EVERY = 500
"""Shards whose rate is measured together."""


class Timed(Scheduler):
    """A scheduler that notes when jobs are handed out and when they end."""

    def __init__(self, *arguments: Any) -> None:
        self.begun: float | None = None
        self.ends: list[float] = []
        self.processor: list[float] = []
        super().__init__(*arguments)

    def next(self) -> Any:
        found = super().next()
        if self.begun is None and isinstance(found, Job):
            self.begun = time.monotonic()
        return found

    def finished(self, job: Job, summary: Summary) -> None:
        super().finished(job, summary)
        self.ends.append(time.monotonic())
        self.processor.append(time.process_time())


def timed(shards: int, seconds: float, workers: int) -> Timed:
    """Run so many shards; return the scheduler that has noted their times."""
    from study.execution.ray_tune import RayTune

    def steps() -> Steps:
        yield [SleepingJob(None, number, seconds) for number in range(shards)]  # type: ignore[arg-type]

    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as folder, Ledger(Path(folder)) as ledger:
        out = Path(folder)
        scheduler = Timed(steps(), Archive(out), ledger)
        backend = RayTune(out / "s", address=None, workers=workers)
        try:
            backend.run(scheduler, Data(small_task_set().development))
        finally:
            backend.close()
    return scheduler


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    ran = timed(asked.shards, asked.seconds, asked.workers)
    ends, begun = ran.ends, ran.begun or 0.0
    for start in range(0, len(ends) - EVERY + 1, EVERY):
        last = start + EVERY - 1
        rate = EVERY / (ends[last] - (ends[start - 1] if start else begun))
        driver = 1000 * (ran.processor[last] - ran.processor[start]) / EVERY
        print(f"shards {start + 1} to {last + 1}: {rate:.1f} a second, {driver:.1f} ms of the driver's processor each")
    wall, work = ends[-1] - begun, asked.shards * asked.seconds / asked.workers
    print(f"{asked.shards} shards of {asked.seconds} s with {asked.workers} workers: {wall:.1f} s", end="")
    print(f", {wall / work - 1:.1%} over pure work" if work else "")


if __name__ == "__main__":
    main()
