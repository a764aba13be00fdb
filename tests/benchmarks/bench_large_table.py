"""Time and memory from the command to the first training step on two million rows, one core; about two minutes.

``python -m tests.benchmarks.bench_large_table [ROWS]`` writes a table as CSV and as Parquet to a temporary folder, and
one with all digits of its numbers as CSV, and starts a small study of each in a process of its own, which ends when the
first training step begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

ROWS = 2_000_000
STUDY = """
tasks: {{set: table, path: {name}, targets: ['y_*']}}
factors: {{depth: 1, stages: 1, width: 32, weighting: equal}}
tuning: {{draws: 1}}
training: {{epochs: 1, batch_size: 4096}}
search: {{seeds: 1, rungs: []}}
confirm: {{seeds: 2}}
verdict: {{seeds: 2, max_seeds: 2, follow_up: false}}
"""
PROGRAM = """
import os, resource, sys, time

from mtl_core.training import trainer


def stop(*arguments):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{time.perf_counter() - BEGUN:.1f} s, {time.process_time():.1f} s of processor, {peak:.2f} GiB", flush=True)
    os._exit(0)


BEGUN = time.perf_counter()
trainer._train_until_a_row_is_done = stop
from study.cli.app import app

app(sys.argv[1:])
"""


def table(rows: int, digits: int) -> pa.Table:
    """Sixteen measurements, two counts, a category and a flag; two numbers and a class to predict."""
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, 16)).round(digits)
    noise = random.normal(size=(rows, 3))
    columns = {f"x{place}": x[:, place] for place in range(16)}
    columns |= {"age": random.integers(18, 90, rows), "visits": random.integers(0, 500, rows)}
    columns |= {"region": np.array([f"r{place}" for place in range(12)])[random.integers(0, 12, rows)]}
    columns |= {"member": random.integers(0, 2, rows)}
    sums = x[:, :4].sum(axis=1)
    columns |= {"y_a": (sums + noise[:, 0]).round(digits), "y_b": (x[:, 2] * x[:, 3] + noise[:, 1]).round(digits)}
    return pa.table(columns | {"y_c": (sums + 2 * noise[:, 2] > 0).astype(int)})


def main() -> None:
    """Print a line for each format."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv.write_csv(table(rows, 4), folder / "big.csv")
        parquet.write_table(table(rows, 4), folder / "big.parquet")
        csv.write_csv(table(rows, 15), folder / "long.csv")
        core = min(os.sched_getaffinity(0))
        for file in ("big.csv", "big.parquet", "long.csv"):
            study = folder / f"{file}.yaml"
            study.write_text(STUDY.format(name=file))
            command = [
                sys.executable,
                "-c",
                PROGRAM,
                "run",
                str(study),
                "--out",
                str(folder / f"runs-{file}"),
                "--json",
            ]
            command += ["--backend", "inline"]
            size = (folder / file).stat().st_size / 2**20
            print(f"{file}, {rows:,} rows, {size:,.0f} MiB: first training step after ", end="", flush=True)
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            subprocess.run(
                ["taskset", "-c", str(core), *command], env=environment, stderr=subprocess.DEVNULL, check=True
            )


if __name__ == "__main__":
    main()
