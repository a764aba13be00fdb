"""Storage: how a job reads and writes the files of a run directory, wherever the directory lies."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from study.store.archive import CHECKPOINTS, MODELS, PROBED, RECORDS, SCORED
from study.store.atomic_files import write_durably

FOLDERS = frozenset({RECORDS, SCORED, CHECKPOINTS, MODELS, PROBED})
SUFFIXES = (".parquet", ".safetensors")


class Storage(Protocol):
    """A run directory as jobs see it; paths are relative to it, as in ``records/0a1b.parquet``."""

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at ``path``; ``None`` where there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write ``content`` to ``path`` durably; whoever reads sees the old file or the new one, complete."""
        ...

    def remove(self, path: str) -> None:
        """Remove the file at ``path``, which may be missing."""
        ...


@dataclass(frozen=True)
class LocalStorage:
    """The storage of a run directory that this machine sees.

    Args:
        directory: the run directory.
    """

    directory: Path

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at ``path``; ``None`` where there is none."""
        try:
            return self._inside(path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write ``content`` to ``path`` durably and atomically."""
        write_durably(self._inside(path), content)

    def remove(self, path: str) -> None:
        """Remove the file at ``path``, which may be missing."""
        self._inside(path).unlink(missing_ok=True)

    def _inside(self, path: str) -> Path:
        """Return where ``path`` lies, which is a part in one of the folders that jobs write, and nowhere else.

        Raises:
            PermissionError: for any other path, since paths come from other machines, too.
        """
        folder, _, name = path.partition("/")
        if folder not in FOLDERS or "/" in name or "\0" in name or name.startswith(".") or not name.endswith(SUFFIXES):
            raise PermissionError(errno.EPERM, "no file that a job may touch", path)
        return self.directory / folder / name
