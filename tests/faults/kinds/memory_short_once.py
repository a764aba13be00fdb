"""A shard runs out of memory once and is cut in halves."""

from __future__ import annotations

from typing import Any

from study.store import ledger
from tests.faults.engines import Failing
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 3
WHY_APART = "as memory_short_twice"
TIMES = 1


def large(recipe: Any, rows: Any) -> bool:
    """Whether a shard can still be cut in as many halves as there are failures."""
    return len(rows) >= (2 if len(rows) < 4 else TIMES)


def trial(lab: Lab) -> Trial:
    errors = (MemoryError, out_of_memory)
    ended = lab.drive(Failing(lab.out, large, errors[lab.number % 2], TIMES))
    cuts = [event for event in ledger.read(lab.out / ledger.NAME) if event["event"] == "cut"]
    return lab.went_on(ended, came=len(cuts) == len(lab.came()) == TIMES)


def out_of_memory() -> RuntimeError:
    return RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
