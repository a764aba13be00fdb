"""Time, memory and files of studies of 500, 2,000 and 20,000 replicas, whose networks are not trained.

Each step runs in a process of its own, as its command does: planning, running with an engine that makes curves up
(:mod:`tests.study.fake_engine`), resuming with nothing to do, the status, and the report.  Times are wall and processor
seconds from the start of the process, memory is the largest that it had.

    make bench-scale      or: python -m tests.benchmarks.bench_scale [--sizes 500 2000 20000] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES: dict[int, dict[str, Any]] = {
    500: {"factors": {"sharing": ["hard"], "width": [16, 32]}},
    2_000: {"factors": {"sharing": ["hard"], "width": [16, 32, 64, 128], "weighting": ["equal", "uncertainty", "dwa"]}},
    20_000: {
        "factors": {
            "sharing": ["hard", "soft", "cross_stitch", "mmoe", "cgc"],
            "width": [8, 16, 24, 32, 48, 64, 96, 128],
            "weighting": ["equal", "uncertainty", "dwa", "rlw"],
        },
        "tuning": {"draws": 16},
    },
}
"""Sections of the study file, by about how many replicas it plans."""
TASKS, ROWS, TEST_ROWS, INPUTS = ("odd", "high", "rest"), 1_000, 360, 20


def spec_of(size: int) -> Any:
    """Return the study of about ``size`` replicas."""
    from study.config.spec import Spec

    sections: dict[str, Any] = {
        "name": f"scale-{size}",
        "tasks": {"set": "digits3"},
        "factors": {"depth": [1, 2, 3], "stages": [3]},
        "tuning": {"draws": 8},
        "training": {"epochs": 30},
        "search": {"seeds": 2},
        "confirm": {"seeds": 10},
        "verdict": {"seeds": 10},
    }
    for name, keys in SIZES[size].items():
        sections[name] = sections[name] | keys
    return Spec.model_validate(sections)


def put_in_place() -> None:
    """Let studies of this process have made-up data and an engine that trains nothing."""
    import torch

    from mtl_core.data.task import Task
    from mtl_core.data.task_set import Development, Examples, TaskSet
    from mtl_core.training import evaluation, trainer
    from study.planning import prepare
    from tests.study import fake_engine

    numbers = torch.Generator().manual_seed(0)
    inputs = torch.randn(ROWS + TEST_ROWS, INPUTS, generator=numbers)
    targets = torch.randn(ROWS + TEST_ROWS, len(TASKS), generator=numbers)
    tasks = tuple(Task(name, "regression", "mse") for name in TASKS)
    development = Development(tasks, Examples(inputs[:ROWS], targets[:ROWS]), torch.ones(INPUTS, dtype=torch.bool))
    task_set = TaskSet("made up", development, Examples(inputs[ROWS:], targets[ROWS:]))
    vars(prepare)["build_task_set"] = lambda spec: task_set
    vars(trainer)["fit"] = fake_engine.fit
    vars(evaluation)["score_examples_on"] = fake_engine.score_examples_on


def plan(spec: Any, out: Path) -> str:
    """Plan the study, and return how many replicas there are at most."""
    from study.planning.prepare import prepare_run

    counts = prepare_run(spec, out).plan.counts()
    return f"{sum(counts.values()):,} replicas"


def run(spec: Any, out: Path) -> str:
    """Run the study, or what is left of it, and return how many files it has."""
    import study

    study.run(spec, out=out, backend="inline")
    return f"{sum(path.is_file() for path in out.rglob('*')):,} files"


def status(spec: Any, out: Path) -> str:
    """Read the status, and return the phase."""
    from study.cli.status import read_status

    return read_status(out).phase


def report(spec: Any, out: Path) -> str:
    """Write the report and say the verdict, as the command does, and return how many rows the records have."""
    import analysis

    records = analysis.load(out)
    analysis.write_report(records)
    analysis.verdict_text(records)
    return f"{len(records.replicas):,} rows"


STEPS: dict[str, Callable[[Any, Path], str]] = {
    "plan": plan, "run": run, "resume": run, "status": status, "report": report
}  # fmt: skip


def in_this_process(step: str, size: int, out: Path) -> None:
    """Do one step and print what it found, its seconds and its largest memory."""
    begun = time.perf_counter() - time.process_time()  # the start of the interpreter counts, too
    put_in_place()
    found = STEPS[step](spec_of(size), out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{time.perf_counter() - begun:8.1f} {time.process_time():10.1f} {peak:9.2f}  {found}")


def main() -> None:
    """Print a line for each size and step."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--steps", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--keep", type=Path, help="folder for the run directories; by default they are removed")
    parser.add_argument("--inside", action="store_true", help="do one step of one size in this process")
    arguments = parser.parse_args()
    if arguments.inside:
        size = arguments.sizes[0]
        return in_this_process(arguments.steps[0], size, arguments.keep / str(size))
    print("replicas  step      wall s  processor s  peak GiB  found")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        for size in arguments.sizes:
            for step in arguments.steps:
                print(f"{size:>8}  {step:7} ", end="", flush=True)
                command = [sys.executable, "-m", "tests.benchmarks.bench_scale", "--inside", "--keep", str(folder)]
                command += ["--sizes", str(size), "--steps", step]
                subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=True)


if __name__ == "__main__":
    main()
