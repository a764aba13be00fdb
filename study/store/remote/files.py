"""The files of a run directory that go to the store, and the names that may come from there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from study.store.archive import CHECKPOINTS, MODELS, PROBED, RECORDS, SCORED
from study.store.storage import SUFFIXES

IN_FOLDERS = (RECORDS, SCORED, PROBED, CHECKPOINTS, MODELS)
"""Folders of parts, in the order of looking: a worker writes the record last, so what it speaks of is seen after it."""
REPORT = "report.html"
IN_ROOT = ("study.yaml", "manifest.json", "tasks.json", "optuna.journal", "data.parquet", "data.npz", REPORT)
"""Files beside the ledger.  Figures and tables of the report are made anew from the records."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,150}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
MOST_BYTES = 2**36
"""Bytes of a file of a study, its data among them."""
MOST_FILES = 100_000


@dataclass(frozen=True)
class Stored:
    """A file in the store: its size in bytes, and the SHA-256 of its content, which is its name there."""

    size: int
    digest: str

    @property
    def key(self) -> str:
        """The key of the object."""
        return f"objects/{self.digest}"


def stored_of(value: object) -> Stored:
    """Return a file as a commit describes it.

    Raises:
        ValueError: this is no pair of a size and a digest.
    """
    match value:
        case [int(size), str(digest)] if 0 <= size <= MOST_BYTES and _DIGEST.fullmatch(digest):
            return Stored(size, digest)
    raise ValueError(f"no size and digest: {str(value)[:100]}")


def may_be_stored(path: str) -> bool:
    """Return whether ``path`` is that of a file that a study keeps; what a store names may come from anywhere."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return name in IN_ROOT
    return folder in IN_FOLDERS and _NAME.fullmatch(name) is not None and name.endswith(SUFFIXES)


def local_files(run: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the paths, relative to ``run``, of the files that are kept, parts that speak of others first."""
    for folder in IN_FOLDERS:
        yield from _files_in(run, folder)
    for name in IN_ROOT:
        if (state := _state_of(run / name)) is not None:
            yield name, state


def _files_in(run: Path, folder: str) -> Iterator[tuple[str, os.stat_result]]:
    if not (run / folder).is_dir():
        return
    for name in sorted(os.listdir(run / folder)):
        path = f"{folder}/{name}"
        if may_be_stored(path) and (state := _state_of(run / path)) is not None:
            yield path, state


def _state_of(path: Path) -> os.stat_result | None:
    """What the system knows of a regular file; ``None``: it is gone, or is something else."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return path.stat()
    except FileNotFoundError:
        return None
