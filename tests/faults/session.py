"""One session of a driver in a process of its own, watched from outside: how it ended, what it said, how long it was
silent.

Silence is the longest time between two consecutive signs of life, of which the start and the end of the process are
the first and the last.  Signs are: output to the terminal, an event of the ledger, a file of the run directory's
folders that appears, changes or goes, and a heartbeat of a job.  The watcher looks every 20 ms.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import typer

import study.cli.run as command
from study.cli.console import reports_errors
from study.store import ledger
from study.store.scratch import NOTE as SCRATCH
from tests.forked import forked
from tests.study import fake_engine
from tests.study.conftest import install, tiny

HANGING = 900.0
"""Seconds after which something hangs, were the machine ever so busy."""
LOOK_SECONDS = 0.02

Fault = Callable[[], None]
"""Called in the driver's process before it begins."""


@dataclass(frozen=True)
class Ended:
    """How a session ended.

    Args:
        code: exit status; negative: of the signal that ended it.
        said: what it told the terminal.
        silence: its longest silence, in seconds.
        trained: every replica that it trained, with the epochs that it reached.
    """

    code: int
    said: str
    silence: float
    trained: list[str] = field(default_factory=list)

    @property
    def refusal(self) -> str:
        """The place, the finding and the remedy that it ended with, in one line; empty where there are none."""
        lines = [line.strip() for line in self.said.splitlines()]
        return " ".join(line for line in lines if line.startswith(("where ", "found ", "do ")))


def session(
    out: Path,
    changes: dict[str, Any],
    faults: Sequence[Fault] = (),
    *,
    report: bool = False,
    meanwhile: Callable[[BaseProcess], None] | None = None,
    log: str = "log",
    beside: Path | None = None,
    place: str | None = None,
) -> Ended:
    """Run ``mtl-study run`` on the tiny study with ``changes``, and return how it ended.

    Args:
        out: the run directory.
        changes: of :func:`tests.study.conftest.tiny`.
        faults: called in the driver's process.
        report: whether the report is written, too.
        meanwhile: called here again and again while the driver works.
        log: name of the file that holds what was said; another one holds what was trained.
        beside: folder of these files; by default that of the run directory.
        place: what the command is told as ``--out``; by default the run directory.
    """
    folder = beside or out.parent
    terminal, journal = folder / log, folder / f"{log}.trained"
    for path in (terminal, journal):
        path.write_text("")
    driver = forked(drive, out, terminal, journal, changes, tuple(faults), report, place)
    silence = watch(driver, (out, terminal), meanwhile)
    code = driver.exitcode
    assert code is not None
    said = terminal.read_text(errors="replace").replace(str(out), "RUN")
    return Ended(code, said, silence, journal.read_text().splitlines())


def watch(
    driver: BaseProcess, where: tuple[Path, Path], meanwhile: Callable[[BaseProcess], None] | None = None
) -> float:
    """Watch a driver until it ends, and return its longest silence in seconds.

    Args:
        driver: its process.
        where: its run directory, and the file with what it says.
        meanwhile: called again and again.
    """
    begun = last = time.monotonic()
    longest, before = 0.0, signs(*where)
    while driver.is_alive():
        if time.monotonic() - begun > HANGING:
            driver.kill()
            raise AssertionError(f"The driver of {where[0]} hangs: {where[1].read_text()}")
        if meanwhile is not None:
            meanwhile(driver)
        driver.join(LOOK_SECONDS)
        now, here = time.monotonic(), signs(*where)
        if here != before:
            longest, last, before = max(longest, now - last), now, here
    return max(longest, time.monotonic() - last)


def signs(out: Path, terminal: Path) -> tuple[tuple[int, int], ...]:
    """Return size and time of change of whatever a driver that lives changes."""
    paths = [terminal, out / ledger.NAME, *out.glob("*"), *_heartbeats(out)]
    found = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            continue
        found.append((state.st_size, state.st_mtime_ns))
    return tuple(found)


def _heartbeats(out: Path) -> list[Path]:
    try:
        _, folder = (out / SCRATCH).read_text().splitlines()
        return list(Path(folder, "beats").glob("*"))
    except (OSError, ValueError):
        return []


def drive(
    out: Path,
    terminal: Path,
    journal: Path,
    changes: dict[str, Any],
    faults: Sequence[Fault],
    report: bool,
    place: str | None,
) -> None:
    """Run the command in this process, with the fake engine and what the terminal would show in a file."""
    handle = os.open(terminal, os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in a shell's background ignore it
    fake_engine.JOURNAL = journal
    patch = pytest.MonkeyPatch()
    install(patch)
    if not report:
        patch.setattr(command, "report", lambda *arguments, **options: None)
    patch.chdir(out.parent)
    for fault in faults:
        fault()
    spec = tiny(**changes)
    try:
        reports_errors(command.run)(spec, out=Path(place or out), address=None, as_json=False)
    except typer.Exit as end:
        sys.exit(end.exit_code)
