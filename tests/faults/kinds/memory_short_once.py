"""A shard runs out of memory once and is cut in halves."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.memory import short_of_memory
from tests.faults.trial import Trial

TRIALS = 3
WHY_APART = "as memory_short_twice"


def trial(lab: Lab) -> Trial:
    return short_of_memory(lab, times=1)
