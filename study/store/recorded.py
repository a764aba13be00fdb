"""What the records of a run directory say of every replica, for a look from outside that must write nothing there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.records.bounded import read_part
from study.store.archive import RECORDS, SCORED, Entry


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
    for part, row in _rows(directory / RECORDS, ["replica", "arm", "phase", "status", "epochs", "reason"]):
        entry = Entry(row["arm"], row["phase"], row["status"], row["epochs"], row["reason"] or "", part)
        earlier = entries.get(row["replica"])
        if earlier is None or entry.rank >= earlier.rank:
            entries[row["replica"]] = entry
    return Recorded(entries, frozenset(row["replica"] for _, row in _rows(directory / SCORED, ["replica"])))


def _rows(folder: Path, columns: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("[!.]*.parquet")):
        try:
            rows = read_part(path, columns).to_pylist()
        except (pa.ArrowException, OSError, KeyError, ValueError):  # torn, or taken away: the driver trains it again
            continue
        yield from ((path.stem, row) for row in rows)
