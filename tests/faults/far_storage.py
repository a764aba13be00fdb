"""Jobs that hand their files to the driver's storage actor, over a connection that loses and repeats."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from study.execution import driver_storage, inline
from study.execution.driver_storage import Answer, DriverStorage, StorageServer
from tests.faults.acts import note

FAILS, LATE, TWICE = "fails", "late", "twice"


@dataclass(frozen=True)
class FarStorage:
    """Every ``every``-th write fails on the driver's disk, is answered too late, or arrives twice.

    Args:
        out: the run directory.
        how: ``fails``, ``late`` or ``twice``.
        every: one write of so many.
        times: answers that come too late, one after the other.
    """

    out: Path
    how: str
    every: int
    times: int = 1

    def __call__(self) -> None:
        server = StorageServer(self.out, self.out.with_name("beats"))
        asked, late = 0, 0

        def remote(verb: str) -> Callable[..., Any]:
            def ask(*arguments: Any) -> Callable[[], Answer]:
                nonlocal asked, late
                work = getattr(server, verb)
                if verb != "write" or late:
                    return (lambda: work(*arguments)) if not late else too_late(work, arguments)
                asked += 1
                if asked % self.every:
                    return lambda: work(*arguments)
                note(self.out, f"{self.how} {arguments[0]}")
                if self.how == FAILS:
                    return lambda: Answer(number=errno.ENOSPC, message=os.strerror(errno.ENOSPC))
                if self.how == TWICE:
                    work(*arguments)
                    return lambda: work(*arguments)
                late = self.times
                return too_late(work, arguments)

            return ask

        def too_late(work: Callable[..., Answer], arguments: tuple[Any, ...]) -> Callable[[], Answer]:
            """The work is done, and nobody hears of it."""

            def answer() -> Answer:
                nonlocal late
                late -= 1
                work(*arguments)
                raise driver_storage.GetTimeoutError("late")

            return answer

        handle = SimpleNamespace(**{verb: SimpleNamespace(remote=remote(verb)) for verb in ("read", "write", "remove")})
        driver_storage.ray = SimpleNamespace(get=lambda answer, timeout: answer())
        driver_storage.time = SimpleNamespace(sleep=lambda seconds: None)
        inline.LocalStorage = lambda directory: DriverStorage(handle)
