"""The scheduler of a study's jobs: phases are generators that yield jobs, and go on when these have ended.

A phase reads like the protocol, top to bottom: it yields a list of jobs and is resumed when all of them are recorded;
with :class:`Parallel` it waits for other generators instead, which run side by side, so that an arm never waits for
another arm's rung.  What is recorded already is not handed out, hence to resume a study is to run its phases again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mtl_core.errors import UserError
from study.execution.ready_jobs import ReadyJobs
from study.execution.retries import Retries
from study.jobs.job import Job, Summary
from study.store.archive import Archive
from study.store.ledger import Ledger

Steps = Generator[Any, Any, Any]
"""A generator that yields lists of jobs and :class:`Parallel`."""

FEWEST_TO_JUDGE = 8
"""Replicas that must have ended before their failures can stop the study."""


class End(Enum):
    """What :meth:`Scheduler.next` returns when there is no job now and will be none."""

    DONE = "done"


DONE = End.DONE


@dataclass(frozen=True)
class Parallel:
    """Generators that run side by side; the generator that yields this receives the list of what they returned."""

    steps: Sequence[Steps]


@dataclass
class _Coroutine:
    """A generator under way: how many jobs or coroutines it waits for, and which coroutine waits for it."""

    steps: Steps
    parent: _Coroutine | None = None
    place: int = 0
    waiting: int = 0
    results: list[Any] = field(default_factory=list)


class Scheduler:
    """Hands out jobs, learns how they ended, and writes both into the ledger; back ends differ in nothing else.

    Args:
        steps: the whole of what is to do.
        archive: says what is done already.
        ledger: the run's ledger.
        length: forecast of how long a job takes; longer ones start first, equal ones as the steps yield them.
        too_large: called with a job that ran out of memory before it is cut in two.

    Attributes:
        ready: jobs that may start.
        running: jobs that have been handed out, by name.
        failures: phase → replica → reason, or ``None`` for one that did not fail; of this session.
        best: (phase, arm) → tasks → best mean validation skill of any replica; of this session.
        result: what the steps returned.
        over: whether nothing is left to do.
    """

    def __init__(
        self, steps: Steps, archive: Archive, ledger: Ledger, length: Callable[[Job], float] = lambda job: 0.0,
        too_large: Callable[[Job], None] = lambda job: None,
    ) -> None:  # fmt: skip
        self.archive, self.ledger, self._too_large = archive, ledger, too_large
        self.ready = ReadyJobs(length)
        self.running: dict[str, tuple[Job, _Coroutine]] = {}
        self.result: Any = None
        self.failures: dict[str, dict[str, str | None]] = {}
        self.best: dict[tuple[str, str], dict[tuple[str, ...], float]] = {}
        self._retries = Retries()
        self._started = Counter(event["shard"] for event in ledger.of("started"))
        self._failing: set[str] = set()
        self.over = False
        self._advance(_Coroutine(steps), None)

    def next(self) -> Job | End | None:
        """Return a job to run now; ``None`` while all that is left waits for running ones; ``DONE`` at the end."""
        if not self.ready:
            return DONE if self.over else None
        job, coroutine = self.ready.pop()
        self.running[job.name] = (job, coroutine)
        self._retries.count(job)
        self.ledger.append("started", shard=job.name, **job.facts())
        self._started[job.name] += 1
        return job

    def attempts(self, job: Job) -> int:
        """Return how often the job was started before without an end, by this driver or an earlier one."""
        return max(self._started[job.name] - 1, 0)

    def finished(self, job: Job, summary: Summary) -> None:
        """Process how a job ended: its records, its failure, or that it has to be cut in two.

        Raises:
            UserError: when the study cannot go on before somebody acts, or most replicas fail.
        """
        _, coroutine = self.running.pop(job.name)
        if summary.outcome != "recorded" and not self._recorded_before(job, summary):
            self._after_no_records(job, coroutine, summary)
            return
        if not job.collect(self.archive):
            self._again(job, coroutine)
            return
        self._note(job, summary)
        best = self.best.setdefault((job.phase, job.arm.label), {})
        for tasks, skill in summary.best.items():
            best[tasks] = max(skill, best.get(tasks, -math.inf))
        self._arrived(coroutine)

    def excuse(self, job: Job) -> None:
        """Note that an earlier try of ``job`` ended because its machine left the cluster."""
        self.ledger.append("excused", shard=job.name, reason="its machine left the cluster")
        self._retries.excuse(job)

    def abandoned(self, jobs: Iterable[Job] | None = None) -> None:
        """Put jobs back whose worker is gone, by default all that were running; what they have recorded counts."""
        names = list(self.running) if jobs is None else [job.name for job in jobs]
        for job, coroutine in map(self.running.pop, names):
            self._retries.excuse(job)
            if job.collect(self.archive):
                self._note(job, Summary("recorded"))
                self._arrived(coroutine)
            else:
                self.ready.add(job, coroutine)

    def _advance(self, coroutine: _Coroutine, value: Any) -> None:
        """Run a generator until it has to wait."""
        while True:
            try:
                step = coroutine.steps.send(value)
            except StopIteration as end:
                self._ended(coroutine, end.value)
                return
            if isinstance(step, Parallel):
                coroutine.results, coroutine.waiting = [None] * len(step.steps), len(step.steps)
                for place, steps in enumerate(step.steps):
                    self._advance(_Coroutine(steps, coroutine, place), None)
                if step.steps:
                    return
                value = []
                continue
            missing = list(self._missing(step))
            if missing:
                coroutine.waiting = len(missing)
                for job in missing:
                    self.ready.add(job, coroutine)
                return
            value = None

    def _missing(self, jobs: Iterable[Job]) -> Iterable[Job]:
        for job in jobs:
            keys = job.missing(self.archive)
            if keys:
                yield job.keeping(keys, self.archive)

    def _ended(self, coroutine: _Coroutine, result: Any) -> None:
        if coroutine.parent is None:
            self.result, self.over = result, True
            return
        coroutine.parent.results[coroutine.place] = result
        coroutine.parent.waiting -= 1
        if not coroutine.parent.waiting:
            self._advance(coroutine.parent, coroutine.parent.results)

    def _arrived(self, coroutine: _Coroutine) -> None:
        coroutine.waiting -= 1
        if not coroutine.waiting:
            self._advance(coroutine, None)

    def _recorded_before(self, job: Job, summary: Summary) -> bool:
        """Whether the records were written before the worker was lost, or before its answer was."""
        return summary.outcome in ("died", "undelivered") and job.collect(self.archive)

    def _after_no_records(self, job: Job, coroutine: _Coroutine, summary: Summary) -> None:
        step = self._retries.after(job, summary.outcome)
        if step == "stop":
            self.ledger.append("failed", shard=job.name, reason=summary.reason, **job.facts() | {"replicas": []})
            remedy = "Mend that and run the same command again: it goes on from here."
            raise UserError(str(self.archive.directory), f"{summary.reason}.", remedy)
        if step == "cut":
            self._cut(job, coroutine, summary)
            return
        self.ledger.append("retried", shard=job.name, reason=summary.reason, **job.facts())
        self.ready.add(job, coroutine)

    def _cut(self, job: Job, coroutine: _Coroutine, summary: Summary) -> None:
        keys = list(job.replicas)
        if len(keys) > 1:
            if summary.outcome == "memory":
                self._too_large(job)
            middle = len(keys) // 2
            halves = [job.keeping(part, self.archive) for part in (keys[:middle], keys[middle:])]
            self.ledger.append("cut", shard=job.name, reason=summary.reason, **job.facts() | summary.facts())
            self._retries.cut(halves)
            for half in halves:
                self.ready.add(half, coroutine)
            coroutine.waiting += 1
            return
        job.give_up(self.archive, summary.reason)
        self._note(job, summary)
        self._arrived(coroutine)

    def _again(self, job: Job, coroutine: _Coroutine) -> None:
        """Hand out a job again whose worker says that it recorded, but whose part is not there."""
        if self._retries.are_over(job):
            remedy = "The run directory must be on a file system that all machines see; run the same command again."
            raise UserError(str(self.archive.directory), "records that a worker wrote do not arrive here.", remedy)
        self.ready.add(job, coroutine)

    def _note(self, job: Job, summary: Summary) -> None:
        entries = {key: self.archive.entries[key] for key in job.replicas}
        reasons = Counter(entry.reason for entry in entries.values() if entry.status == "failed")
        facts = job.facts() | summary.facts() | {"forecast": round(self.ready.length(job), 3)}
        if reasons:
            self.ledger.append("failed", shard=job.name, reason=reasons.most_common(1)[0][0], **facts)
        else:
            self.ledger.append("finished", shard=job.name, **facts)
        failures = self.failures.setdefault(job.phase, {})
        failures.update({key: entry.reason if entry.status == "failed" else None for key, entry in entries.items()})
        self._failing |= {job.phase} if reasons else set()
        if job.phase in self._failing:  # else there are thousands to count again and again, of which none failed
            self._stop_if_most_failed(list(failures.values()))

    def _stop_if_most_failed(self, failures: list[str | None]) -> None:
        reasons = Counter(reason for reason in failures if reason is not None)
        if len(failures) < FEWEST_TO_JUDGE or reasons.total() * 2 <= len(failures):
            return
        reason = reasons.most_common(1)[0][0]
        self.ledger.append("stopped", reason=reason, failed=reasons.total(), ended=len(failures))
        found = f"{reasons.total()} of {len(failures)} replicas failed, most often with: {reason}."
        raise UserError(
            str(self.archive.directory), found, "Mend that and run the same command again: they are tried again."
        )
