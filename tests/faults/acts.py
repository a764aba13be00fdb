"""What happens to a driver at an operation on its files, or when it begins."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.file_layer import FileLayer, Operation

NOTE = ".struck"
"""File beside the run directory that says which operation was struck; by this a fault is known to have come."""


@dataclass(frozen=True)
class Raise:
    """Operation ``at`` fails with an error of the operating system.

    Args:
        out: the run directory.
        at: number of the operation.
        error: number of the error, as in ``errno``.
        lasting: whether all later operations but those that remove something fail, too, as on a full disk.
    """

    out: Path
    at: int
    error: int
    lasting: bool = False

    def __call__(self) -> None:
        FileLayer(self.out, self._act)

    def _act(self, operation: Operation) -> None:
        later = self.lasting and operation.number > self.at and operation.verb not in ("unlink", "ftruncate")
        if operation.number == self.at or later:
            note(self.out, operation.label)
            raise OSError(self.error, os.strerror(self.error), operation.path)


@dataclass(frozen=True)
class Kill:
    """The process is killed in the middle of operation ``at``, which is half done."""

    out: Path
    at: int

    def __call__(self) -> None:
        FileLayer(self.out, self._act)

    def _act(self, operation: Operation) -> None:
        if operation.number == self.at:
            operation.half()
            note(self.out, operation.label)
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Send:
    """The process gets signals, ``delay`` seconds after operation ``at``; 0: after it began.

    Args:
        out: the run directory.
        at: number of the operation.
        delay: seconds.
        numbers: of the signals, which come 50 ms apart.
    """

    out: Path
    at: int
    delay: float
    numbers: tuple[int, ...]

    def __call__(self) -> None:
        if self.at == 0:
            self._begin("start")
        FileLayer(self.out, self._act)

    def _act(self, operation: Operation) -> None:
        if operation.number == self.at:
            self._begin(operation.label)

    def _begin(self, label: str) -> None:
        threading.Thread(target=self._send, args=(label,), daemon=True).start()

    def _send(self, label: str) -> None:
        time.sleep(self.delay)
        note(self.out, label)
        for number in self.numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.05)


@dataclass(frozen=True)
class Count:
    """Nothing happens; the labels of all operations go to a file."""

    out: Path
    to: Path

    def __call__(self) -> None:
        FileLayer(self.out, self._act)

    def _act(self, operation: Operation) -> None:
        with open(self.to, "a") as file:
            file.write(f"{operation.label}\n")


def note(out: Path, what: str) -> None:
    """Write down that the fault came."""
    with open(f"{out}{NOTE}", "a") as file:
        file.write(f"{what}\n")


def noted(out: Path) -> list[str]:
    """Return what was struck in the drivers of ``out`` so far."""
    path = Path(f"{out}{NOTE}")
    return path.read_text().splitlines() if path.exists() else []
