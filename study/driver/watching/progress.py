"""How far a study has come: what is done, running, awaited and left, at which pace, and which arms lead so far."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analysis.records.phases import PHASES
from study.config.suite import SuitePosition
from study.driver.watching.counts import Counts, Work, beyond_records, count, planned_work
from study.driver.watching.device_use import DeviceUse, device_use
from study.driver.watching.known_work import as_known
from study.driver.watching.pace import (
    FEWEST_GAINED,
    Event,
    Session,
    TimeLeft,
    last_session,
    range_facts,
    replicas_per_minute,
    seconds_since,
    time_left,
)
from study.execution.backend import Backend
from study.execution.scheduler import Scheduler
from study.jobs.job import Job
from study.jobs.score import ScoringJob
from study.planning.prepare import Prepared
from study.store.archive import TERMINAL, Archive

SCORE, ENDED = "score", "ended"
BEST_SHOWN = 5
WORDS = {
    SCORE: "opening the test split for what was trained",
    ENDED: "networks diverged and nothing is left to go on with; the report says more",
}
"""What is said of phases in which nothing is counted."""


@dataclass(frozen=True)
class StudyProgress:
    """Where a study stands at one moment.

    Args:
        phase: the phase whose jobs run, or ran last; ``score`` while replicas are scored; ``ended`` where divergence
            left nothing to go on with.
        counts: replicas that have ended by phase, the share of the work that is done, and failures by reason.
        seconds: time since the command started.
        left: time left at the pace so far; ``None``: too early to say.
        running: shards in work, with the arm and the share of its epochs that is done.
        best: arms of the phase with the best mean validation skill so far, in points, of those of which this session
            has seen every task.
        workers: shards that may run at once.
        use: the device that replicas train on, and how the study uses it.
        machines: of a cluster, by name: shards in work there, and workers that it holds; empty on one machine.
        waiting: what is waited for; empty: nothing.
        per_minute: replicas that end per minute in this session; ``None``: none has.
        study: name of the study.
        number, of: which study of a suite this is, of how many.
        left_in_all: time left of the suite, with later studies at the same pace against their forecasts.
    """

    phase: str
    counts: Counts
    seconds: float
    left: TimeLeft | None
    running: list[tuple[str, float]]
    best: list[tuple[str, float]]
    workers: int
    use: DeviceUse = field(default_factory=lambda: DeviceUse("cpu"))
    machines: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: str = ""
    per_minute: float | None = None
    study: str = ""
    number: int = 1
    of: int = 1
    left_in_all: TimeLeft | None = None

    @property
    def count(self) -> str:
        """How much of the phase is done, in words; scoring takes seconds and is not counted."""
        return WORDS.get(self.phase) or self.counts.of_phase(self.phase)

    def facts(self) -> dict[str, Any]:
        """Return the progress as JSON can hold it; the names are those of ``mtl-study status --json``."""
        machines = {name: {"busy": busy, "workers": held} for name, (busy, held) in self.machines.items()}
        return {
            "phase": self.phase,
            **self.counts.facts(),
            "seconds": self.seconds,
            **range_facts("seconds_left", self.left),
            "replicas_per_minute": self.per_minute,
            "running": self.running,
            "best": self.best,
            "workers": self.workers,
            "device": self.use.device,
            **self.use.facts(),
            "machines": machines,
            "waiting": self.waiting,
            "study": self.study,
            "number": self.number,
            "of": self.of,
            **range_facts("seconds_left_in_all", self.left_in_all),
        }


class ProgressMonitor:
    """Measures the progress of a study that runs.

    Args:
        prepared: the study, whose forecast weighs its phases.
        archive: what is recorded.
        backend: where its jobs run and say how far they are.
        position: which study of a suite this is, if it is one.
        work: of the session; by default that of the study.
    """

    def __init__(
        self,
        prepared: Prepared,
        archive: Archive,
        backend: Backend,
        position: SuitePosition | None = None,
        work: Work | None = None,
    ) -> None:
        self.plan, self.archive, self.backend = prepared.plan, archive, backend
        self.position, self.forecast = position or SuitePosition("", 1, 1, 0.0), prepared.forecast
        self.work = work or planned_work(prepared.plan, prepared.forecast)
        self.started, self.phase = time.monotonic(), PHASES[0]
        share = count(self.work, archive.entries.values()).share
        seconds = sum(one.seconds for one in self.work.values())
        self.session = Session(share, seconds, self.forecast.score + self.forecast.report)

    def progress(self, scheduler: Scheduler) -> StudyProgress:
        """Return the progress of the jobs of ``scheduler``, and of the study, now."""
        running = [job for job, _ in list(scheduler.running.values())]
        jobs = running + [job for job, _ in list(scheduler.ready)]
        self.phase = phase = _phase(jobs, scheduler) or self.phase
        epochs = {job.name: self.backend.heartbeats.read(job.name) or (0, 0, None) for job in running}
        entries = dict(self.archive.entries)
        under_way = Counter[str]()
        for job in running:
            under_way[job.phase] += beyond_records(epochs[job.name][0], job.replicas, entries)
        whole = list(scheduler.ledger.events)
        seconds, events = time.monotonic() - self.started, last_session(whole)
        work, session = as_known(self.work, self.session, events)
        counts = count(work, entries.values(), under_way)
        left = None
        if phase not in WORDS:  # counts are upper bounds: when the test split is opened, it may be that all is done
            since = seconds_since(events, "started", datetime.now(UTC)) or seconds
            left = time_left(session, counts.share, since, events, counts.untried)

        def has_ended(key: str) -> bool:
            return key in entries and entries[key].status in TERMINAL

        return StudyProgress(
            phase=phase,
            counts=counts,
            seconds=seconds,
            left=left,
            running=[(job.arm.label, epochs[job.name][0] / max(epochs[job.name][1], 1)) for job in running],
            best=_best_arms(scheduler, phase, self.plan.tasks),
            workers=self.backend.workers,
            use=device_use(whole, self.backend.device),
            machines=self._machines(running),
            waiting=_waiting(phase, len(running), len(jobs) - len(running), self.backend.workers, events),
            per_minute=replicas_per_minute(events, has_ended, datetime.now(UTC)),
            study=self.plan.spec.name,
            number=self.position.number,
            of=self.position.of,
            left_in_all=self._in_all(TimeLeft(0.0) if phase in WORDS else left, seconds, counts.share - session.share),
        )

    def _machines(self, running: Sequence[Job]) -> dict[str, tuple[int, int]]:
        """Shards in work and workers of every machine, where there are several."""
        machines = dict(self.backend.machines)
        busy = Counter(self.backend.heartbeats.node_of(job.name) for job in running)
        found = {machine.name: (busy[node], machine.workers) for node, machine in machines.items()}
        return found if len(found) > 1 else {}

    def _in_all(self, left: TimeLeft | None, seconds: float, gained: float) -> TimeLeft | None:
        """Time left of the suite, whose later studies are taken to be as much slower than forecast as this one."""
        if left is None:
            return None
        forecast = self.forecast.seconds
        slower = seconds / (gained * forecast) if gained > FEWEST_GAINED and forecast else 1.0
        return left.longer_by(self.position.later * slower)


def _phase(jobs: Sequence[Job], scheduler: Scheduler) -> str:
    """The phase that trains or is scored; empty between two."""
    if not jobs:
        return ENDED if scheduler.ledger.of("ended") else ""
    return next((job.phase for job in jobs if not isinstance(job, ScoringJob)), SCORE)


def _waiting(phase: str, running: int, ready: int, workers: int, events: Sequence[Event]) -> str:
    """What a study waits for, in words; shards are counted since the session began."""
    if not workers:
        return "a machine that can train"
    if not running:
        return "workers to start" if ready and workers > 1 else ""  # this process alone starts at once
    if ready or running >= workers:
        return ""
    shards = {event["shard"] for event in events if event["event"] == "started" and event["phase"] == phase}
    return f"the last shards of {phase}: {running} of {max(len(shards), running)}"


def _best_arms(scheduler: Scheduler, phase: str, tasks: Collection[str]) -> list[tuple[str, float]]:
    """The arms of ``phase`` with the best mean skill over all ``tasks``, in points.

    Single-task networks of the easy tasks may be trained first: a mean over the tasks seen so far is no mean skill.
    """
    skills = [
        (arm, 100 * sum(seen.values()) / len(seen))
        for (of, arm), seen in [(key, dict(best)) for key, best in list(scheduler.best.items())]
        if of == phase and {name for names in seen for name in names} >= set(tasks)
    ]
    return sorted(skills, key=lambda pair: -pair[1])[:BEST_SHOWN]
