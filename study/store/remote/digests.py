"""Digests of the files of a run directory, each read again only when the file has changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from study.store.remote.files import Stored

CHUNK = 1 << 20

Mark = tuple[int, int, int]


class Digests:
    """The digests of files under ``run`` that were read in this process.

    Args:
        run: the run directory.
    """

    def __init__(self, run: Path) -> None:
        self.run = run
        self._known: dict[str, tuple[Mark, Stored]] = {}

    def of(self, path: str) -> Stored | None:
        """Return size and digest of the file at ``path``; ``None`` where there is none."""
        try:
            with open(self.run / path, "rb") as file:
                return self.of_open(path, file)
        except FileNotFoundError:
            return None

    def known(self, path: str, state: os.stat_result) -> Stored | None:
        """Return size and digest of a file in ``state`` if they were read before; the file is not opened."""
        mark, stored = self._known.get(path, (None, None))
        return stored if mark == _mark(state) else None

    def of_open(self, path: str, file: BinaryIO) -> Stored:
        """Return size and digest of an open file, which is, or was, at ``path``."""
        state = os.fstat(file.fileno())
        stored = self.known(path, state)
        if stored is None:
            stored = Stored(state.st_size, digest_of(file))
            self._known[path] = (_mark(state), stored)
        return stored


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file in hexadecimal digits."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _mark(state: os.stat_result) -> Mark:
    """What tells a file from another one of its name."""
    return state.st_size, state.st_mtime_ns, state.st_ino
