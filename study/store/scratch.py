"""The scratch folder of a driver, for Ray's files and heartbeats; the next driver removes that of a killed one."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOTE = ".scratch"
PREFIX = "mtl-study-"


@contextmanager
def scratch_of(run: Path) -> Iterator[Path]:
    """Yield a temporary folder for the driver of ``run``, which holds that directory's lock; remove it at the end."""
    note = run / NOTE
    _sweep(note)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        note.write_text(f"{socket.gethostname()}\n{folder}\n")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        note.unlink(missing_ok=True)


def _sweep(note: Path) -> None:
    """Remove the folder that ``note`` names, if it can only be a dead driver's: the note may come from anywhere."""
    lines = note.read_text(errors="replace").splitlines() if note.is_file() else []
    if len(lines) == 2 and lines[0] == socket.gethostname():
        folder = Path(lines[1])
        if folder.name.startswith(PREFIX) and folder.parent == Path(tempfile.gettempdir()) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
