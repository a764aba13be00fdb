"""The jobs that may start: the one that is forecast to take longest goes first, so that none is left for the end."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from study.jobs.job import Job


@dataclass(order=True)
class _Ready:
    """A job and who waits for it; ordered by length, longest first, then as they came."""

    minus_length: float
    number: int
    job: Job = field(compare=False)
    waiter: Any = field(compare=False)


class ReadyJobs:
    """The jobs that may start, each with whoever waits for it.

    Args:
        length: forecast of how long a job takes, in any unit.
    """

    def __init__(self, length: Callable[[Job], float]) -> None:
        self.length, self._numbers = length, count()
        self._heap: list[_Ready] = []

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[tuple[Job, Any]]:
        """Yield the jobs in the order in which they will start."""
        return iter([(ready.job, ready.waiter) for ready in sorted(self._heap)])

    def add(self, job: Job, waiter: Any) -> None:
        """Add a job for which ``waiter`` waits."""
        heapq.heappush(self._heap, _Ready(-self.length(job), next(self._numbers), job, waiter))

    def pop(self) -> tuple[Job, Any]:
        """Remove the longest job, and return it with whoever waits for it."""
        first = heapq.heappop(self._heap)
        return first.job, first.waiter
