"""What becomes of a job that ended without records: it is tried again, cut in two, or stops the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from study.jobs.job import Job

ATTEMPTS = 3
"""Times that a job is tried whose worker dies; then it is cut in two."""

MOST_EXCUSES = 10
"""Tries of a job that do not count because its machine left the cluster; then the job itself is suspected."""

Step = Literal["again", "cut", "stop"]


class Retries:
    """Counts how often jobs were tried, and says what to do with one that ended without records."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()
        self._excuses: Counter[str] = Counter()
        self._pieces: set[str] = set()

    def count(self, job: Job) -> None:
        """Note that the job is handed out."""
        self._tries[job.name] += 1

    def excuse(self, job: Job) -> None:
        """Note that a try ended because its machine left the cluster, which is no fault of what it trained."""
        if self._excuses[job.name] < MOST_EXCUSES and self._tries[job.name]:
            self._excuses[job.name] += 1
            self._tries[job.name] -= 1

    def are_over(self, job: Job) -> bool:
        """Return whether a job was tried as often as any is."""
        return self._tries[job.name] >= ATTEMPTS

    def cut(self, pieces: Iterable[Job]) -> None:
        """Note that these are pieces of a job that was cut in two, which are tried less often."""
        self._pieces.update(piece.name for piece in pieces)

    def after(self, job: Job, outcome: str) -> Step:
        """Return what to do after an outcome of :class:`study.jobs.job.Summary` other than ``recorded``.

        Nothing is cut because the driver's machine does not answer: a smaller job would not reach it either.
        """
        if outcome == "stuck" or (outcome == "undelivered" and self.are_over(job)):
            return "stop"
        may_retry = outcome != "memory" and self._tries[job.name] < self._most(job)
        return "again" if may_retry or outcome == "undelivered" else "cut"

    def _most(self, job: Job) -> int:
        """How often a job whose worker dies is tried: less often when it is a piece of one that was cut for that."""
        return ATTEMPTS if job.name not in self._pieces else 2 if len(job.replicas) == 1 else 1
