"""A shard runs out of memory, and so does one of its halves."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.memory import short_of_memory
from tests.faults.trial import Trial

TRIALS = 3


def trial(lab: Lab) -> Trial:
    return short_of_memory(lab, times=2)
