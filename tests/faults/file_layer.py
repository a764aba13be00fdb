"""A layer between the driver and its file system: it counts what changes a run directory, and acts at any operation."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from study.store import atomic_files


@dataclass(frozen=True)
class Operation:
    """An operation that changes the run directory.

    Args:
        number: of the operation, from 1.
        verb: the system's word for it: ``open``, ``write``, ``pwrite``, ``fsync``, ``replace``, ….
        path: relative to the run directory, without what is drawn at random in names of temporary files.
        half: does half of a write, as a crash may; nothing for any other operation.
    """

    number: int
    verb: str
    path: str
    half: Callable[[], Any]

    @property
    def label(self) -> str:
        """What is done to which file, the same in every run of one study."""
        return f"{self.verb} {self.path}"


Act = Callable[[Operation], None]
"""Called before every operation; it may raise, or end the process."""


class FileLayer:
    """Watches the run directory ``root`` in this process until it ends.

    Args:
        root: the run directory.
        act: called before every operation.
    """

    def __init__(self, root: Path, act: Act) -> None:
        self.root, self.act, self.number = f"{root}/", act, 0
        for verb in ("unlink", "rename", "replace", "mkdir"):
            self._watch_path(verb)
        for verb in ("fsync", "ftruncate"):
            self._watch_handle(verb)
        self._watch_pwrite()
        self._watch_creation()
        atomic_files.open = self._open  # type: ignore[attr-defined] - in the place of the built-in function

    def noted(self, verb: str, path: str, half: Callable[[], Any] = lambda: None) -> None:
        """Count an operation on ``path`` if that lies in the run directory, and act."""
        if not path.startswith(self.root):
            return
        self.number += 1
        folder, name = os.path.split(path.removeprefix(self.root))
        stable = name.rsplit(".", 2)[0].lstrip(".") + ".tmp" if name.endswith(".tmp") else name
        self.act(Operation(self.number, verb, os.path.join(folder, stable), half))

    def _watch_path(self, verb: str) -> None:
        original = getattr(os, verb)

        def watched(path: Any, *rest: Any, **options: Any) -> Any:
            if os.path.lexists(path) == (verb != "mkdir"):  # else it changes nothing
                self.noted(verb, os.fspath(path))
            return original(path, *rest, **options)

        setattr(os, verb, watched)

    def _watch_handle(self, verb: str) -> None:
        original = getattr(os, verb)

        def watched(handle: int, *rest: Any) -> Any:
            self.noted(verb, _path_of(handle))
            return original(handle, *rest)

        setattr(os, verb, watched)

    def _watch_pwrite(self) -> None:
        original = os.pwrite

        def watched(handle: int, content: bytes, offset: int) -> int:
            half = lambda: original(handle, content[: len(content) // 2], offset)  # noqa: E731
            self.noted(f"pwrite {_event(content)}", _path_of(handle), half)
            return original(handle, content, offset)

        os.pwrite = watched

    def _watch_creation(self) -> None:
        original = os.open

        def watched(path: Any, flags: int, *rest: Any, **options: Any) -> int:
            if flags & os.O_CREAT:
                self.noted("open", os.fspath(path))
            return original(path, flags, *rest, **options)

        os.open = watched

    def _open(self, path: Path, mode: str) -> Any:
        self.noted("open", os.fspath(path))
        return _Watched(open(path, mode), self)  # type: ignore[arg-type]


class _Watched:
    """A file that is written, each write of which is an operation."""

    def __init__(self, file: BinaryIO, layer: FileLayer) -> None:
        self._file, self._layer = file, layer

    def write(self, content: bytes) -> int:
        def half() -> None:
            self._file.write(content[: len(content) // 2])
            self._file.flush()

        self._layer.noted("write", str(self._file.name), half)
        return self._file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()


def _event(content: bytes) -> str:
    """What an event of the ledger is about; empty for anything else."""
    try:
        event = json.loads(content)
    except ValueError:
        return ""
    about = ("event", "shard", "choice", "phase", "arm", "epochs")
    return " ".join(str(event[name]) for name in about if name in event) if isinstance(event, dict) else ""


def _path_of(handle: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""
