"""The scratch folder of a driver, for Ray's files and heartbeats; the next driver removes that of a killed one.

Ray puts sockets there, and the path of a socket has 107 bytes at most.  Ray's own part takes 64 of them and the
folder's name 23, so a longer ``TMPDIR``, as batch systems set it, is not used.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_core.errors import UserError

NOTE = ".scratch"
PREFIX = "mtl-study-"
LONGEST_NOTE = 1000
"""Bytes of a note that are read, at most."""
LONGEST_BASE = 20
"""Longest path, in bytes, of a folder in which sockets of Ray still fit."""
SHORT_BASES = ("/tmp", "/dev/shm", "/var/tmp")


@contextmanager
def scratch_of(run: Path) -> Iterator[Path]:
    """Yield a temporary folder for the driver of ``run``, which holds that directory's lock; remove it at the end."""
    note = run / NOTE
    left = scratch_named_in(run)
    if left is not None:  # by a driver that is dead, since its lock is free
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_base()))
    try:
        note.write_text(f"{socket.gethostname()}\n{folder}\n")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def _beginning(note: Path) -> bytes:
    with note.open("rb") as file:
        return file.read(LONGEST_NOTE)


def _bases() -> list[Path]:
    """Folders in which scratch folders are made, the preferred one first."""
    return [Path(tempfile.gettempdir()), *map(Path, SHORT_BASES)]


def _base() -> Path:
    """Return the folder for temporary files, or another one where that has too long a path, or one with accents.

    Raises:
        UserError: when nothing can be written in any of them.
    """
    for base in _bases():
        short = len(os.fsencode(base)) <= LONGEST_BASE and str(base).isascii()
        if short and os.access(base, os.W_OK | os.X_OK):
            return base
    found = f"none of {', '.join(map(str, _bases()))} is writable and has a path of {LONGEST_BASE} bytes at most."
    raise UserError("temporary files", found, "Set TMPDIR to a folder with a short path.")


def scratch_named_in(run: Path) -> Path | None:
    """Return the scratch folder on this machine that the note in ``run`` names; the note may come from anywhere."""
    note = run / NOTE
    lines = _beginning(note).decode(errors="replace").splitlines() if note.is_file() else []
    if len(lines) != 2 or lines[0] != socket.gethostname():
        return None
    folder = Path(lines[1])
    is_ours = folder.name.startswith(PREFIX) and folder.parent in _bases() and not folder.is_symlink()
    return folder if is_ours else None
