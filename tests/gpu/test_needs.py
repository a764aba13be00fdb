"""What the tests and the benchmark of a GPU need: a machine with torch, and little else."""

from __future__ import annotations

import subprocess
import sys

ABSENT = ("ray", "pandas", "scipy", "sklearn", "optuna", "matplotlib", "seaborn", "pydantic", "typer", "rich", "jinja2")
PROGRAM = """
import sys
sys.modules.update(dict.fromkeys({absent}))
import tests.benchmarks.bench_device
import tests.benchmarks.bench_packing
import tests.benchmarks.bench_precision
import tests.gpu.test_device
import tests.gpu.test_memory
import tests.gpu.test_packing
"""


def test_they_run_without_what_only_a_study_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(absent=ABSENT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
