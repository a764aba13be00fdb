"""Heartbeats of a running job: how far it is, for the screen, and a watchdog that ends a process without them."""

from __future__ import annotations

import faulthandler
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from study.jobs.job import Heartbeat, Job

WRITE_SECONDS = 0.5
"""Between two heartbeats that are written and that put the watchdog off; a short epoch is not worth either."""
PATIENCE_SECONDS = 50.0
"""Less than a minute, so that somebody who watches a study that hangs hears of it within one."""


@dataclass(frozen=True)
class Heartbeats:
    """Where the jobs of a study report, and how long they may be silent.

    The watchdog is a thread of the interpreter's fault handler: it needs no lock of Python's, so it also ends a
    process that hangs inside foreign code.  An epoch that takes longer than ``patience`` is no fault: every further
    attempt at the same job gets twice the time.

    Args:
        folder: outside the run directory; files there are only for the screen.
        patience: seconds without a finished epoch after which the process is given up.
        to_terminal: tell the terminal where the process hung, rather than whoever started it.
        node: identity of this machine in the cluster, which every heartbeat names; empty where there is none.
        send: also called with the job's name and what is written, where the screen is on another machine.
    """

    folder: Path
    patience: float = PATIENCE_SECONDS
    to_terminal: bool = False
    node: str = ""
    send: Callable[[str, str], None] | None = None

    @contextmanager
    def of(self, job: Job, attempts: int, must_leave: Callable[[], bool] = lambda: False) -> Iterator[Heartbeat]:
        """Watch over ``job`` while the block runs; yields the function to call after every epoch.

        The last heartbeat of a job that must leave stays: it says which machine that was.
        """
        allowed = self.patience * 2 ** min(attempts, 10) + WRITE_SECONDS
        path = self.folder / f"{job.name}.json"
        written = -math.inf
        with self._trace(job.name) as trace:
            target = sys.__stderr__ if self.to_terminal and sys.__stderr__ is not None else trace

            def heartbeat(done: int, total: int, best: float) -> bool:
                nonlocal written
                if time.monotonic() - written >= WRITE_SECONDS:
                    faulthandler.dump_traceback_later(allowed, exit=True, file=target)  # starts a thread: 2 ms
                    content = json.dumps([done, total, best if math.isfinite(best) else None, self.node])
                    with suppress(OSError):  # only the screen misses it: a full disk here is no fault of the replica
                        path.write_text(content)
                    written = time.monotonic()
                    if self.send is not None:
                        self.send(job.name, content)
                return must_leave()

            try:
                heartbeat(0, 0, math.nan)
                yield heartbeat
            finally:
                faulthandler.cancel_dump_traceback_later()
                if not must_leave():
                    path.unlink(missing_ok=True)
        (self.folder / f"{job.name}.trace").unlink(missing_ok=True)

    def _trace(self, name: str) -> TextIO:
        """Open the file for the last words of the job ``name``; without a folder that can be written they are lost."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return open(self.folder / f"{name}.trace", "w")
        except OSError:
            return open(os.devnull, "w")

    def read(self, name: str) -> tuple[int, int, float | None] | None:
        """Return epochs done, epochs to do and best skill of the job ``name``; ``None`` before its first heartbeat."""
        said = self._last(name)
        return None if said is None else (said[0], said[1], said[2])

    def node_of(self, name: str) -> str:
        """Return the machine on which the job ``name`` was running when it was last heard of; empty: not known."""
        said = self._last(name)
        return "" if said is None else said[3]

    def _last(self, name: str) -> tuple[int, int, float | None, str] | None:
        try:
            done, total, best, node = json.loads((self.folder / f"{name}.json").read_text())
        except (OSError, ValueError):
            return None
        return done, total, best, node

    def last_words(self, name: str) -> str:
        """Return where the process of job ``name`` hung, if the watchdog ended it; else an empty text."""
        try:
            lines = (self.folder / f"{name}.trace").read_text().splitlines()
        except OSError:
            return ""
        places: list[Any] = [line.strip() for line in lines if line.strip().startswith("File")]
        return f"no epoch finished in time; last seen in {places[0]}" if places else ""
