"""Studies on real Ray workers and the real engine: driven in an interpreter of their own, and watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from analysis.records.bounded import read_part
from study.store import ledger
from study.store.archive import RECORDS
from study.store.parts import ORIGIN
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
    """Return how many replicas were recorded at the same epoch by more than one of the jobs that trained them."""
    found = defaultdict[tuple[str, int], set[str]](set)
    for part in (out / RECORDS).glob("[!.]*.parquet"):
        for row in read_part(part, ["replica", "epochs", "status", ORIGIN]).to_pylist():
            if row["status"] != "stopped":
                found[row["replica"], row["epochs"]].add(row.get(ORIGIN) or part.stem)
    return sum(len(jobs) > 1 for jobs in found.values())


def started(out: Path, since: int) -> set[str]:
    """Return the jobs that were started after so many events of the ledger."""
    return {event["shard"] for event in ledger.read(out / ledger.NAME)[since:] if event["event"] == "started"}


def killed_drivers(lab: Lab, number: int) -> Trial:
    """Kill the driver of one study so often, at random shards, then finish it and compare."""
    with short_path() as folder:
        lab.out = folder / "run"
        interrupted = lost = repeated = 0
        silence, events, held = 0.0, 0, Held({})
        points = sorted(lab.chance.sample(range(1, num_shards() - 2), number))
        for point in [*points, None]:  # the last session comes to its end
            session = RaySession(lab.out, folder)
            at_work = session.watch(until=point)
            if point is not None:
                time.sleep(lab.chance.uniform(0, 0.5))
                interrupted += session.kill() and at_work
            now, done = lab.held, {entry.part for entry in held.entries.values()}
            lost, repeated = lost + held.lost(now), repeated + len(done & started(lab.out, events))
            silence, held, events = max(silence, session.silence), now, len(ledger.read(lab.out / ledger.NAME))
        repeated += trained_twice(lab.out)
        return Trial(RESUMABLE, interrupted, silence, number, lost, repeated, difference(session))


def difference(session: RaySession) -> str:
    """Return what tells a study that has ended from the one in one process; empty: nothing."""
    if session.driver.returncode != 0:
        return f"exit status {session.driver.returncode}: {session.terminal.read_text()[-300:]}"
    return "" if tables(session.out) == inline_tables() else "other tables"
