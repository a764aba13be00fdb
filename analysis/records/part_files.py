"""The files of a run directory that hold its records, while a driver may be merging them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")

MERGED = "merged"
"""How the names of merged parts begin; those of other parts are hexadecimal numbers."""
LOOKS = 5
"""How often the files are looked for: a driver merges them at the end of a phase, and no phase is that short."""


def part_files(directory: Path) -> list[Path]:
    """Return the parts in ``directory``, merged ones first: of two that say the same the later one counts.

    Files whose names start with a dot were never finished.
    """
    return sorted(directory.glob("[!.]*.parquet"), key=lambda file: (not file.name.startswith(MERGED), file))


def of_each_part(directory: Path, read: Callable[[Path], Found]) -> list[Found]:
    """Return what ``read`` makes of every part in ``directory``.

    A part that is gone when its turn comes was merged with others by the study's driver, which writes the merged part
    first; so all are looked for once more.

    Raises:
        FileNotFoundError: a part is listed and never there, as a broken link is.
    """
    for look in range(1, LOOKS + 1):
        try:
            return [read(file) for file in part_files(directory)]
        except FileNotFoundError:
            if look == LOOKS:
                raise
    raise AssertionError("The last look returns or raises.")
