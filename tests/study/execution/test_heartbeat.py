"""Signs of life, and the watchdog that ends a process without them."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from study.execution import heartbeat
from study.execution.heartbeat import Heartbeats

CODE = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from study.execution.heartbeat import Heartbeats
beats = Heartbeats(Path(sys.argv[1]), patience=float(sys.argv[4]))
with beats.of(SimpleNamespace(name="job"), int(sys.argv[2])) as beat:
    for pause in eval(sys.argv[3]):
        beat(1, 2, 0.5)
        time.sleep(pause)
"""


class Named:
    """A job of which only the name matters."""

    name = "job"


def hang(folder: Path, attempts: int, pauses: list[float], patience: float) -> int:
    """The exit code of a process whose epochs take so many seconds each."""
    command = [sys.executable, "-c", CODE, str(folder), str(attempts), repr(pauses), str(patience)]
    return subprocess.run(command, check=False).returncode


def test_a_process_that_hangs_is_ended_and_says_where(tmp_path: Path) -> None:
    assert hang(tmp_path, 0, [0.0, 600.0], patience=0.4) == 1
    assert "last seen in File" in Heartbeats(tmp_path).last_words("job")


def test_a_process_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    """Longer than it may be silent; a busy machine may lengthen every pause by seconds."""
    assert hang(tmp_path, 0, [1.0] * 6, patience=5.0) == 0
    assert Heartbeats(tmp_path).last_words("job") == ""


def test_every_attempt_gets_twice_the_time(tmp_path: Path) -> None:
    assert hang(tmp_path, 0, [2.0], patience=0.5) == 1
    assert hang(tmp_path, 4, [2.0], patience=0.5) == 0


def test_the_screen_reads_what_the_job_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = Heartbeats(tmp_path)
    job: Any = Named()
    with beats.of(job, 0) as beat:
        assert beats.read("job") == (0, 0, None)
        monkeypatch.setattr(heartbeat, "WRITE_SECONDS", 0.0)
        beat(3, 8, 0.25)
        assert beats.read("job") == (3, 8, 0.25)
        monkeypatch.setattr(heartbeat, "WRITE_SECONDS", 1e6)
        beat(4, 8, math.nan)  # too soon to be written again
        assert beats.read("job") == (3, 8, 0.25)
    assert beats.read("job") is None


def test_who_must_leave_hears_it_after_an_epoch_and_its_last_heartbeat_stays(tmp_path: Path) -> None:
    told, beats = [False], Heartbeats(tmp_path, node="node7")
    with beats.of(Named(), 0, lambda: told[0]) as beat:  # type: ignore[arg-type]
        assert beat(1, 4, 0.5) is False
        told[0] = True
        assert beat(2, 4, 0.5) is True
    assert beats.node_of("job") == "node7"
    with beats.of(Named(), 0) as beat:  # type: ignore[arg-type]
        beat(1, 4, 0.5)
    assert beats.node_of("job") == ""
