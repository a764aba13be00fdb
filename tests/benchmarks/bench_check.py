"""How long ``check`` takes on a table of 100,000 rows and 50 columns.  ``python -m tests.benchmarks.bench_check``.

Prints wall and processor seconds of whole processes, imports included, and the processor seconds of one that imports
torch alone, which says how busy the machine was.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

ROWS, TIMES = 100_000, 3


def write_table(path: Path, rows: int = ROWS) -> None:
    """Write 34 measurements, 6 whole numbers, 4 columns of words, 3 regressions and 3 binary targets."""
    chance = np.random.default_rng(0)
    columns = {f"x{place:02d}": np.round(chance.normal(size=rows), 4) for place in range(34)}
    columns |= {f"k{place}": chance.integers(0, 20, rows) for place in range(6)}
    columns |= {f"c{place}": chance.choice([f"word{word}" for word in range(8)], rows) for place in range(4)}
    common = np.sum([columns[f"x{place:02d}"] for place in range(5)], axis=0)
    for place in range(6):
        label = common * (0.3 + place * 0.1) + chance.normal(size=rows)
        columns[f"y_{place}"] = np.round(label, 4) if place < 3 else (label > place - 3).astype(int)
    table = pa.table(columns)
    for name, share in (("y_0", 0.1), ("x03", 0.05)):
        missing = pa.array(columns[name], mask=chance.random(rows) < share)
        table = table.set_column(table.column_names.index(name), name, missing)
    csv.write_csv(table, path)


def seconds(*words: str, folder: str) -> tuple[float, float]:
    """Return wall and processor seconds of a Python process."""
    before, started = os.times(), time.monotonic()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - started, used


def main() -> None:
    """Write the table, and print the seconds of each run."""
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "big.csv")
        for _ in range(TIMES):
            check = seconds("-m", "study", "check", "big.csv", "--targets", "y_*", folder=folder)
            torch = seconds("-c", "import torch", folder=folder)
            print(f"check: {check[0]:.1f} s, {check[1]:.1f} s of processor time; import torch: {torch[1]:.1f} s of it")


if __name__ == "__main__":
    main()
