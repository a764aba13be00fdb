"""A driver that is killed while it writes its report."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import study.cli.run as command
from tests.faults.acts import note


@dataclass(frozen=True)
class ReportMoment:
    """The process is killed ``delay`` seconds after the report was begun, or where it ends if that comes first."""

    out: Path
    delay: float

    def __call__(self) -> None:
        write = command.report

        def written(*arguments: Any, **options: Any) -> None:
            threading.Thread(target=self._kill, daemon=True).start()
            write(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        command.report = written

    def _kill(self) -> None:
        time.sleep(self.delay)
        note(self.out, "report")
        os.kill(os.getpid(), signal.SIGKILL)
