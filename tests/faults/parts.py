"""Damage to a file that a study has written."""

from __future__ import annotations

from pathlib import Path

from analysis.records.bounded import read_part
from tests.faults.lab import Held, Lab
from tests.faults.session import Ended
from tests.faults.trial import Trial


def damaged_part(lab: Lab, first: Ended, damaged: bytes, part: Path) -> Trial:
    """Put ``damaged`` in the place of a part of the records, go on, and compare; what it held may be trained anew."""
    gone = set(read_part(part, ["replica"])["replica"].to_pylist())
    held = Held({key: entry for key, entry in lab.held.entries.items() if key not in gone})
    part.write_bytes(damaged)
    found = lab.resumed(first, came=True, held=held)
    if not part.with_suffix(".damaged").is_file():
        return Trial(found.outcome, 0, found.silence, different=found.different or "nobody noticed the damage")
    return found


def last_part(lab: Lab) -> Path:
    """Return the part of the records that was written last."""
    return max((lab.out / "records").glob("[!.]*.parquet"), key=lambda path: path.stat().st_mtime_ns)
