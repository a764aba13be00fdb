"""Damage to a file that a study has written."""

from __future__ import annotations

import signal
from collections.abc import Callable

from analysis.records.bounded import read_part
from tests.faults.acts import Send
from tests.faults.lab import Held, Lab
from tests.faults.trial import Trial


def damaged_part(lab: Lab, damage: Callable[[bytes], bytes]) -> Trial:
    """Kill a study, damage the part of its records that was written last, go on, and compare.

    What the part held may be trained anew.

    Args:
        lab: of the trial.
        damage: makes the damaged content of the whole one.
    """
    last = len(lab.undisturbed.operations)
    first = lab.drive(Send(lab.out, lab.chance.randrange(last // 4, last), 0.0, (signal.SIGKILL,)))
    part = max((lab.out / "records").glob("[!.]*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    gone = set(read_part(part, ["replica"])["replica"].to_pylist())
    held = Held({key: entry for key, entry in lab.held.entries.items() if key not in gone})
    part.write_bytes(damage(part.read_bytes()))
    found = lab.resumed(first, came=True, held=held)
    if not part.with_suffix(".damaged").is_file():
        return Trial(found.outcome, 0, found.silence, different=found.different or "nobody noticed the damage")
    return found
