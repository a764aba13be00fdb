"""Memory that is short while a shard trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from study.store import ledger
from tests.faults.engines import Failing
from tests.faults.lab import Lab
from tests.faults.trial import Trial


@dataclass(frozen=True)
class Large:
    """Says whether a shard can still be cut in as many halves as there are failures; it travels to the driver."""

    times: int

    def __call__(self, recipe: Any, rows: Any) -> bool:
        return len(rows) >= (2 if len(rows) < 4 else self.times)


def short_of_memory(lab: Lab, times: int) -> Trial:
    """Let a shard run out of memory, and its halves, so many times in all; it is cut as often."""
    errors = (MemoryError, out_of_memory)
    ended = lab.drive(Failing(lab.out, Large(times), errors[lab.number % 2], times))
    cuts = [event for event in ledger.read(lab.out / ledger.NAME) if event["event"] == "cut"]
    return lab.went_on(ended, came=len(cuts) == len(lab.came()) == times)


def out_of_memory() -> RuntimeError:
    return RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
