"""How much of the workers' time a finished study leaves idle: its shards once more, on a simulated clock.

    python -m tests.benchmarks.bench_idle RUN --workers 4

Nothing is trained: a shard takes the seconds that the ledger of RUN says it took, and its files are then linked, so the
phases decide what they decided there.  Shown are the orders that are possible: as the phases yield the shards, longest
first by the forecast, and longest first by the seconds themselves, which no study can know.  Idle is every second of a
worker between the first shard of a block of training and the end of the last; the start of workers is not counted.
"""

from __future__ import annotations

import argparse
import heapq
import os
import tempfile
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from study.config.load import read_spec
from study.execution.forecast_length import ForecastLength
from study.execution.scheduler import DONE, Scheduler
from study.jobs.job import Job, Summary
from study.planning.prepare import Prepared, prepare_run
from study.protocol.context import StudyContext
from study.protocol.pipeline import stages
from study.store import ledger as ledgers
from study.store.archive import MODELS, Archive
from study.store.ledger import Ledger

FOLDERS = ("records", "scores", "conflict")


def seconds_of(run: Path) -> dict[str, float]:
    """Seconds that every shard took, by its name."""
    ended = [event for event in ledgers.read(run / ledgers.NAME) if event["event"] == "finished"]
    return {event["shard"]: event["seconds"] for event in ended}


def replay(scheduler: Scheduler, run: Path, seconds: Mapping[str, float], workers: int) -> tuple[float, float]:
    """Run the scheduler's jobs on a simulated clock; returns when the last ended, and the seconds of all together."""
    now, busy, numbers = 0.0, 0.0, count()
    running: list[tuple[float, int, Job]] = []
    while not scheduler.over:
        while len(running) < workers and isinstance(job := scheduler.next(), Job):
            busy += seconds[job.name]
            heapq.heappush(running, (now + seconds[job.name], next(numbers), job))
        if scheduler.over or job is DONE:
            break
        now, _, ended = heapq.heappop(running)
        link_parts(ended.name, run, scheduler.archive.directory)
        scheduler.finished(ended, Summary("recorded", seconds=seconds[ended.name]))
    return now, busy


def link_parts(name: str, run: Path, out: Path) -> None:
    """Put what the shard wrote where the study now looks for it."""
    for folder in FOLDERS:
        for path in (run / folder).glob(f"{name}.*"):
            (out / folder).mkdir(exist_ok=True)
            (out / folder / path.name).unlink(missing_ok=True)
            os.link(path, out / folder / path.name)
    (out / MODELS).mkdir(exist_ok=True)
    (out / MODELS / f"{name}.safetensors").touch()  # models go when they are scored; that there was one will do


def idle_share(run: Path, prepared: Prepared, workers: int, length: Callable[[Job], float]) -> tuple[float, float]:
    """Return the share of the workers' time that is idle while the study trains, and the wall seconds of training."""
    seconds = seconds_of(run)
    wall = work = 0.0
    with tempfile.TemporaryDirectory(dir=run.parent) as folder, Ledger(Path(folder)) as ledger:
        out, task_set = Path(folder), prepared.task_set
        for path in run.iterdir():
            if path.suffix in (".json", ".yaml"):
                os.link(path, out / path.name)
        archive = Archive(out)
        context = StudyContext(prepared.plan, archive, ledger, task_set.development, task_set.fingerprint(), out)
        for steps, data in stages(context, task_set):
            took, busy = replay(Scheduler(steps, archive, ledger, length), run, seconds, workers)
            if data.test is None:
                wall, work = wall + took, work + busy
    return 1 - work / (workers * wall), wall


def main() -> None:
    """Print the idle share of every order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 4])
    arguments = parser.parse_args()
    run = arguments.run.absolute()
    prepared, seconds = prepare_run(read_spec(run / "study.yaml"), run), seconds_of(run)
    orders: dict[str, Callable[[Job], float]] = {
        "as yielded": lambda job: 0.0,
        "longest first, forecast": ForecastLength(prepared),
        "longest first, as it was": lambda job: seconds.get(job.name, 0.0),
    }
    for workers in arguments.workers:
        for name, length in orders.items():
            idle, wall = idle_share(run, prepared, workers, length)
            print(f"{workers} workers, {name}: {idle:.1%} idle, {wall:.0f} s", flush=True)


if __name__ == "__main__":
    main()
