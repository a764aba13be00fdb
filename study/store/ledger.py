"""The ledger: the events of a study, one JSON line each, appended and synced by the driver alone.

It holds what happened, and the frozen choices.  Which replicas are trained is in the records, not here.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from analysis.records.bounded import content_of
from mtl_core.errors import UserError
from study.store.atomic_files import sync_directory

NAME = "ledger.jsonl"
LOCK = ".lock"


def read(path: Path) -> list[dict[str, Any]]:
    """Read the events of a ledger; a torn last line, which a crash while appending leaves, is not an event.

    Raises:
        UserError: when any other line cannot be read, with its number.
    """
    return _events(_content_of(path), path)[0] if path.exists() else []


def _content_of(path: Path) -> bytes:
    try:
        return content_of(path)
    except OSError as error:
        found = f"it cannot be read ({error.strerror})."
        raise UserError(str(path), found, "Put the file back from a copy.") from error


def _events(content: bytes, path: Path) -> tuple[list[dict[str, Any]], int]:
    """The events and the number of bytes up to which the ledger is sound."""
    events: list[dict[str, Any]] = []
    sound = 0
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            # No proper beginning of a JSON object is one, so an object whose newline got lost is whole.
            event = json.loads(line)
            if not isinstance(event, dict) or not isinstance(event.get("event"), str):
                raise ValueError("no event")
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise UserError(
                f"{path}, line {number}",
                f"cannot be read ({error}).",
                "Put the file back from a copy, or remove the line.",
            ) from error
        events.append(event)
        sound += len(line)
    return events, sound


class Lock:
    """The lock of a run directory: one driver works there at a time.

    The lock is the kernel's (``flock``), so it ends with the process however that ends: a lock file that a dead
    driver left behind refuses nobody.  What the file says (process, host) serves the message, and
    its session tells workers on other machines whether they see this directory or a copy of it.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._handle, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(self._handle)
            raise UserError(
                str(directory), f"a study is running here ({holder}).", "Wait for it, stop it, or choose another --out."
            ) from None
        os.ftruncate(self._handle, 0)
        holder = f"process {os.getpid()} on {socket.gethostname()}, session {secrets.token_hex(4)}\n"
        os.pwrite(self._handle, holder.encode(), 0)

    def release(self) -> None:
        """Release the directory to the next driver."""
        os.close(self._handle)


def is_locked(directory: Path) -> bool:
    """Return whether a driver works in ``directory`` now; it takes no lock and writes nothing."""
    try:
        handle = os.open(directory / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


class Ledger:
    """The ledger of a run directory, opened for appending under the directory's lock.

    Opening cuts off a torn last line.

    Args:
        directory: the run directory, which exists.
        keep: called with the kind of every event once it is on the disk; it returns when what is on this machine is
            kept elsewhere, too, if it is to be.

    Raises:
        UserError: when another driver works in the directory, or the ledger is damaged elsewhere than at its end.
    """

    def __init__(self, directory: Path, keep: Callable[[str], None] | None = None) -> None:
        self._lock, self._keep = Lock(directory), keep
        self.path = directory / NAME
        try:
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            content = _content_of(self.path)
            self.events, self._size = _events(content, self.path)
            self._repair(content)
            sync_directory(directory)
        except BaseException:
            self._lock.release()
            raise

    def _repair(self, content: bytes) -> None:
        os.ftruncate(self._handle, self._size)
        if self._size and content[self._size - 1 : self._size] != b"\n":
            os.pwrite(self._handle, b"\n", self._size)
            self._size += 1
        os.fsync(self._handle)

    def append(self, event: str, **facts: Any) -> None:
        """Write an event and wait until it is on the disk.

        Raises:
            OSError: disk full or read-only; the ledger is then as it was before.
            UserError: the event is on the disk, and cannot be kept elsewhere.
        """
        entry = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds"), **facts}
        line = json.dumps(entry, allow_nan=False).encode() + b"\n"
        size, number = self._size, len(self.events)
        try:
            written = os.pwrite(self._handle, line, size)
            if written < len(line):
                raise OSError(28, "No space left on device", str(self.path))
            self._size += len(line)  # before the slow sync: the event of a signal that comes meanwhile goes behind it
            self.events.append(entry)
            os.fsync(self._handle)
        except OSError:
            self._size = size
            del self.events[number:]
            os.ftruncate(self._handle, size)
            raise
        if self._keep is not None:
            self._keep(event)

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the events of one kind, in order."""
        return [entry for entry in self.events if entry["event"] == event]

    def decided(self, kind: str, about: Mapping[str, Any], arms: Collection[str]) -> dict[str, Any] | None:
        """Return the last event of a kind that says ``about``; ``None`` if there is none, or it does not hold any more.

        What was decided on failures of ``arms`` (labels) holds until they are tried again.
        """
        found = None
        for entry in self.events:
            if entry["event"] == kind and all(entry[name] == value for name, value in about.items()):
                found = entry
            elif entry["event"] == "retrying" and not set(arms).isdisjoint(entry["arms"]):
                found = None
        return found

    def frozen(self, choice: str, fold: int | None = None, *, first: bool = False) -> Any:
        """Return the last value of a frozen choice, or the ``first``; ``None`` while it is not made.

        Args:
            choice: what was decided.
            fold: the outer fold in which it was; ``None``: in all together.
            first: return the value as the study had it before anything was added to it.
        """
        made = [entry for entry in self.of("frozen") if entry["choice"] == choice]
        values = [entry["value"] for entry in made if entry.get("fold") == fold]
        return (values[0] if first else values[-1]) if values else None

    def close(self) -> None:
        """Close the file and release the directory."""
        os.close(self._handle)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
