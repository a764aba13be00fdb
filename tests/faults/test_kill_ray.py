"""The driver killed and stopped with real Ray workers: no process stays, nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.records.load import read_replicas
from tests.faults.test_kill import HANGING, num_events
from tests.study.driver.test_run import tables


def start(out: Path, backend: str, scratch: Path) -> subprocess.Popen[bytes]:
    """A driver on the real engine, in an interpreter of its own."""
    with open(f"{out}.log", "ab") as log:
        command = [sys.executable, "-m", "tests.faults.driver", str(out), backend]
        return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"TMPDIR": str(scratch)})


def wait_for(driver: subprocess.Popen[bytes], out: Path, finished: int) -> None:
    """Until so many shards are finished; the driver must not end before."""
    over = time.monotonic() + HANGING
    while num_events(out, "finished") < finished:
        assert driver.poll() is None, Path(f"{out}.log").read_text()
        assert time.monotonic() < over
        time.sleep(0.02)


def processes_of(folder: str) -> list[int]:
    """Processes whose command names ``folder``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if folder in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A short path, since sockets have to fit into 107 characters."""
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
        yield Path(folder)


def seconds_of(out: Path) -> dict[str, float]:
    """How long each replica trained that has ended; training it again would take another time."""
    frame = read_replicas(out)
    ended = frame[frame["status"] == "finished"]
    return dict(zip(ended["replica"], ended["seconds"], strict=True))


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_on_ray_a_stopped_study_goes_on_and_leaves_no_process(tmp_path: Path, number: int, scratch: Path) -> None:
    plain, out = tmp_path / "plain", tmp_path / "run"
    assert start(plain, "inline", scratch).wait(HANGING) == 0
    driver = start(out, "ray", scratch)
    wait_for(driver, out, 6)
    driver.send_signal(number)
    assert driver.wait(timeout=HANGING) == {signal.SIGKILL: -9, signal.SIGINT: 130}[number]
    kept = seconds_of(out)
    assert 0 < num_events(out, "finished") < num_events(plain, "finished")
    assert_gone(scratch)
    assert start(out, "ray", scratch).wait(HANGING) == 0, Path(f"{out}.log").read_text()
    assert tables(out) == tables(plain)
    assert kept.items() <= seconds_of(out).items(), "what was recorded was trained again"
    assert_gone(scratch)


@pytest.mark.slow
@pytest.mark.ray
def test_killed_workers_are_replaced(tmp_path: Path, scratch: Path) -> None:
    plain, out = tmp_path / "plain", tmp_path / "run"
    assert start(plain, "inline", scratch).wait(HANGING) == 0
    driver = start(out, "ray", scratch)
    killed = 0
    for finished in (3, 20):
        wait_for(driver, out, finished)
        # a worker has another title while it trains
        workers = [*processes_of("ray::Worker"), *processes_of("ray::ResourceTrainable")]
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        killed += len(workers)
    assert driver.wait(HANGING) == 0, Path(f"{out}.log").read_text()
    assert killed >= 2
    assert num_events(out, "retried") >= 1
    assert tables(out) == tables(plain)


def assert_gone(scratch: Path) -> None:
    """After a while there is no process of that scratch directory."""
    over = time.monotonic() + HANGING
    while left := processes_of(str(scratch)):
        assert time.monotonic() < over, left
        time.sleep(0.2)
