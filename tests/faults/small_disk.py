"""A small file system of its own, which a test can fill or lock; it takes the rights of an administrator."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotPossible(Exception):
    """This machine mounts no file system for us."""


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of so many kilobytes in ``folder`` while the block runs.

    Raises:
        NotPossible: the rights are missing.
    """
    disk = folder / "disk"
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True, capture_output=True)


def change(disk: Path, options: str) -> None:
    """Mount the file system anew with other options: ``ro``, ``rw`` or a size."""
    _mount("-o", f"remount,{options}", str(disk))


def _mount(*arguments: str) -> None:
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        raise NotPossible(f"no file system can be mounted here: {error}") from error
