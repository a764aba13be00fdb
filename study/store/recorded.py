"""What the records of a run directory say of every replica, for a look from outside that must write nothing there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.records.bounded import read_part
from analysis.records.part_files import of_each_part
from study.store.archive import RECORDS, SCORED, TERMINAL, Entry
from study.store.parts import ORIGIN


@dataclass(frozen=True)
class Recorded:
    """The replicas that are recorded, and those that have test scores.

    Args:
        entries: what the longest record of a replica says, by the replica's content hash.
        scored: content hashes of the replicas with test scores.
    """

    entries: Mapping[str, Entry]
    scored: frozenset[str]

    def by_phase(self) -> dict[str, int]:
        """Return the number of recorded replicas of every phase that has any."""
        return dict(Counter(entry.phase for entry in self.entries.values()))

    def has_ended(self, replica: str) -> bool:
        """Return whether the replica needs no further training."""
        return replica in self.entries and self.entries[replica].status in TERMINAL

    def reasons(self, status: str) -> dict[str, int]:
        """Return the number of replicas with ``status`` by reason, the most frequent first."""
        found = Counter(entry.reason or "unknown" for entry in self.entries.values() if entry.status == status)
        return dict(found.most_common())

    def unscored(self) -> int:
        """Return the number of replicas of the confirm and verdict phases that finished and have no test scores."""
        return sum(
            entry.status == "finished" and entry.phase != "search" and key not in self.scored
            for key, entry in self.entries.items()
        )


def read_recorded(directory: Path) -> Recorded:
    """Read the records under ``directory`` without their curves; a part that cannot be read counts as missing."""
    entries: dict[str, Entry] = {}
    for row in _rows(directory / RECORDS, ["replica", "arm", "phase", "status", "epochs", "reason"]):
        entry = Entry(row["arm"], row["phase"], row["status"], row["epochs"], row["reason"] or "", row[ORIGIN])
        earlier = entries.get(row["replica"])
        if earlier is None or entry.rank >= earlier.rank:
            entries[row["replica"]] = entry
    return Recorded(entries, frozenset(row["replica"] for row in _rows(directory / SCORED, ["replica"])))


def _rows(folder: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of all parts, each with the stem of the part in which a worker wrote it."""

    def rows_of(path: Path) -> list[dict[str, Any]]:
        try:
            return [{ORIGIN: path.stem} | row for row in read_part(path, [*columns, ORIGIN]).to_pylist()]
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError, KeyError, ValueError):  # torn: the driver trains it again
            return []

    for rows in of_each_part(folder, rows_of):
        yield from rows
