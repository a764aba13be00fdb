"""Studies on real Ray workers and the real engine: driven in an interpreter of their own, and watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from study.store import ledger
from study.store.archive import RECORDS
from tests.faults.lab import Held, Lab
from tests.faults.session import HANGING, LOOK_SECONDS, signs
from tests.faults.trial import RESUMABLE, Trial
from tests.study.driver.test_run import tables

COMMAND = [sys.executable, "-m", "tests.faults.short_study"]


@contextmanager
def short_path() -> Iterator[Path]:
    """A folder with a short path, since sockets have to fit into 107 characters."""
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as folder:
        yield Path(folder)


class RaySession:
    """A driver on Ray that runs, and the longest silence so far.

    Args:
        out: the run directory.
        scratch: folder for temporary files.
        backend: ``ray``, or ``inline`` for the study to compare with.
    """

    def __init__(self, out: Path, scratch: Path, backend: str = "ray") -> None:
        self.out, self.terminal = out, Path(f"{out}.log")
        with open(self.terminal, "ab") as log:
            environment = os.environ | {"TMPDIR": str(scratch)}
            self.driver = subprocess.Popen([*COMMAND, str(out), backend], stdout=log, stderr=log, env=environment)
        self.silence, self._last, self._seen = 0.0, time.monotonic(), signs(out, self.terminal)

    def watch(self, until: int | None = None) -> bool:
        """Wait for so many finished shards, or for the end; return whether the driver still runs."""
        over = time.monotonic() + HANGING
        while self.driver.poll() is None and (until is None or finished(self.out) < until):
            assert time.monotonic() < over, self.terminal.read_text()
            time.sleep(LOOK_SECONDS)
            now, seen = time.monotonic(), signs(self.out, self.terminal)
            if seen != self._seen:
                self.silence, self._last, self._seen = max(self.silence, now - self._last), now, seen
        self.silence = max(self.silence, time.monotonic() - self._last)
        return self.driver.poll() is None

    def kill(self, number: int = signal.SIGKILL) -> bool:
        """Send the driver a signal, wait for its end, and return whether it was still at work."""
        at_work = self.driver.poll() is None
        self.driver.send_signal(number)
        self.driver.wait(HANGING)
        return at_work


def finished(out: Path) -> int:
    """Return how many shards are finished, as the ledger has it."""
    path = out / ledger.NAME
    return sum(event["event"] == "finished" for event in ledger.read(path)) if path.exists() else 0


@cache
def inline_tables() -> Any:
    """Records and scores of the same study in one process."""
    with short_path() as folder:
        session = RaySession(folder / "run", folder, "inline")
        session.watch()
        assert session.driver.returncode == 0, session.terminal.read_text()
        return tables(folder / "run")


@cache
def num_shards() -> int:
    """About how many shards the study has."""
    return len({row["replica"] for row in inline_tables()[0]}) // 2


def trained_twice(out: Path) -> int:
    """Return how many replicas were recorded more than once at the same epoch by a worker that trained them."""
    found: Counter[tuple[str, int]] = Counter()
    for part in (out / RECORDS).glob("[!.]*.parquet"):
        rows = pq.ParquetFile(part).read(["replica", "epochs", "status"]).to_pylist()
        found.update({(row["replica"], row["epochs"]) for row in rows if row["status"] != "stopped"})
    return sum(number > 1 for number in found.values())


def written(out: Path) -> dict[str, int]:
    """Return when each part of the records was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / RECORDS).glob("[!.]*.parquet")}


def killed_drivers(lab: Lab, number: int) -> Trial:
    """Kill the driver of one study so often, at random shards, then finish it and compare."""
    with short_path() as folder:
        lab.out = folder / "run"
        interrupted = lost = repeated = 0
        silence, before = 0.0, dict[str, int]()
        points = sorted(lab.chance.sample(range(1, num_shards() - 2), number))
        for point in points:
            session = RaySession(lab.out, folder)
            session.watch(until=point)
            time.sleep(lab.chance.uniform(0, 0.5))
            interrupted += session.kill()
            held, after = lab.held, written(lab.out)
            lost += len(before.keys() - after.keys())
            repeated += sum(after.get(name) != then for name, then in before.items() if name in after)
            silence, before = max(silence, session.silence), after
        last = RaySession(lab.out, folder)
        last.watch()
        lost += held.lost(Held(lab.held.entries))
        repeated += trained_twice(lab.out)
        wrong = difference(last)
        return Trial(RESUMABLE, interrupted, max(silence, last.silence), number, lost, repeated, wrong)


def difference(session: RaySession) -> str:
    """Return what tells a study that has ended from the one in one process; empty: nothing."""
    if session.driver.returncode != 0:
        return f"exit status {session.driver.returncode}: {session.terminal.read_text()[-300:]}"
    return "" if tables(session.out) == inline_tables() else "other tables"
