"""A clock of the machine that jumps."""

from __future__ import annotations

import datetime as dates
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study.driver import manifest
from study.store import ledger
from tests.faults.acts import note


@dataclass(frozen=True)
class Jump:
    """The time of day jumps by ``seconds`` whenever it was asked for ``every`` times; monotonic time goes on."""

    out: Path
    seconds: float
    every: int = 7

    def __call__(self) -> None:
        original, asked, shift = time.time, 0, 0.0

        def now() -> float:
            nonlocal asked, shift
            asked += 1
            if asked % self.every == 0:
                shift += self.seconds
                note(self.out, "clock")
            return original() + shift

        class Jumping(dates.datetime):
            """The date and time by the clock that jumps."""

            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return cls.fromtimestamp(now(), tz)

        time.time = now
        ledger.datetime = manifest.datetime = Jumping  # type: ignore[misc]
