"""Whole studies where programs usually find something: a home, temporary files, a plain folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.formats import write_csv
from tests.hostile.kinds import USUAL

REPOSITORY = Path(__file__).parents[2]
SMALL = (
    "tuning.draws=1",
    "tuning.learning_rate=0.01",
    "training.epochs=2",
    "search.seeds=1",
    "confirm.seeds=2",
    "verdict.seeds=5",
    "factors.sharing=[hard]",
    "factors.stages=1",
    "factors.width=16",
    "factors.depth=1",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder_name", "variables"),
    [
        ("a b#%é", {"HOME": None, "USER": None, "LOGNAME": None, "TMPDIR": "/nowhere", "LC_ALL": "C"}),
        ("line\nbreak", {"HOME": "/proc", "MPLCONFIGDIR": None, "XDG_CACHE_HOME": None, "COLUMNS": "1"}),
    ],
)
def test_a_study_ends_in_its_report_and_says_its_leak(
    folder_name: str, variables: dict[str, str | None], tmp_path: Path
) -> None:
    folder = tmp_path / folder_name
    folder.mkdir()
    write_csv(folder, {**USUAL, "w": USUAL["y_1"].round(1)})
    environment = {name: value for name, value in os.environ.items() if name not in variables}
    environment |= {name: value for name, value in variables.items() if value is not None}
    settings = [part for setting in SMALL for part in ("--set", setting)]
    arguments = ["run", "data.csv", "--targets", "y_*", *settings, "--backend", "inline", "--out", "run 1"]
    done = subprocess.run(
        [sys.executable, "-m", "study", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "run 1" / "report.html").stat().st_size > 10_000
    assert "A leak? Column 'w' orders the rows exactly as the target 'y_1' does" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "run 1"]
