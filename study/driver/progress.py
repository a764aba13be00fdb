"""How far a study has come: what is done, running and left, at which pace, and which arms lead so far."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from study.config.suite import SuitePosition
from study.execution.backend import Backend
from study.execution.scheduler import Scheduler
from study.planning.forecast import halved_epochs
from study.planning.plan import PHASES
from study.planning.prepare import Prepared
from study.store.archive import TERMINAL, Archive

SCORE, ENDED = "score", "ended"
BEST_SHOWN, FAILURES_SHOWN = 5, 3


@dataclass(frozen=True)
class StudyProgress:
    """Where a study stands at one moment.

    Args:
        phase: the phase whose jobs run; ``score`` at the end, or ``ended`` where divergence left nothing to go on with.
        done, planned: replicas of the phase that have ended, and that there will be at most.
        share: part of the whole study's work, as forecast, that is done.
        seconds: time since the command started.
        seconds_left: at the pace so far; ``None``: too early to say.
        running: shards in work, with the arm and the share of its epochs that is done.
        best: arms of the phase with the best mean validation skill so far, in points, of those of which this session
            has seen every task.
        failed: replicas that failed in this session, by reason.
        workers: shards that may run at once.
        study: name of the study.
        number, of: which study of a suite this is, of how many.
        seconds_left_in_all: seconds left of the suite, with later studies at the same pace against their forecasts.
    """

    phase: str
    done: int
    planned: int
    share: float
    seconds: float
    seconds_left: float | None
    running: list[tuple[str, float]]
    best: list[tuple[str, float]]
    failed: dict[str, int]
    workers: int
    study: str = ""
    number: int = 1
    of: int = 1
    seconds_left_in_all: float | None = None

    @property
    def count(self) -> str:
        """How much of the phase is done, in words; scoring takes seconds and is not counted."""
        if self.phase == SCORE:
            return "opening the test split for what was trained"
        if self.phase == ENDED:
            return "networks diverged and nothing is left to go on with; the report says more"
        return f"{self.done:,} of at most {self.planned:,} replicas"


class ProgressMonitor:
    """Measures the progress of a study that runs.

    Args:
        prepared: the study, whose forecast weighs its phases.
        archive: what is recorded.
        backend: where its jobs run and say how far they are.
        position: which study of a suite this is, if it is one.
    """

    def __init__(
        self, prepared: Prepared, archive: Archive, backend: Backend, position: SuitePosition | None = None
    ) -> None:
        self.plan, self.archive, self.backend = prepared.plan, archive, backend
        self.position, self.forecast = position or SuitePosition("", 1, 1, 0.0), prepared.forecast.seconds
        self.training, self.end = prepared.forecast.training, prepared.forecast.score + prepared.forecast.report
        self.weights = {phase: max(getattr(prepared.forecast, phase), 1e-9) for phase in PHASES}
        self.started = time.monotonic()
        self.share_at_start = self._share({})

    def progress(self, scheduler: Scheduler) -> StudyProgress:
        """Return the progress of the jobs of ``scheduler``, and of the study, now."""
        running = [job for job, _ in list(scheduler.running.values())]
        jobs = running + [job for job, _ in list(scheduler.ready)]
        phase = jobs[0].phase if jobs else ENDED if scheduler.ledger.of("ended") else SCORE
        epochs = {job.name: self.backend.heartbeats.read(job.name) for job in running}
        # counts are upper bounds, so only the phase tells that all training is over
        share = 1.0 if not jobs else self._share({phase: sum(said[0] for said in epochs.values() if said)})
        seconds = time.monotonic() - self.started
        gained = share - self.share_at_start
        left = (
            (1 - share) * seconds / gained + self._at_the_end(seconds, gained) if gained > 0.01 and share < 1 else None
        )
        return StudyProgress(
            phase=phase,
            done=self._done(phase),
            planned=max(self.plan.counts().get(phase, 0), self._known(phase)),
            share=share,
            seconds=seconds,
            seconds_left=left,
            running=[
                (job.arm.label, said[0] / max(said[1], 1) if (said := epochs[job.name]) else 0.0) for job in running
            ],
            best=_best_arms(scheduler, phase, self.plan.tasks),
            failed=_most_frequent_failures(scheduler),
            workers=self.backend.workers,
            study=self.plan.spec.name,
            number=self.position.number,
            of=self.position.of,
            seconds_left_in_all=self._in_all(left, seconds, gained, share),
        )

    def _known(self, phase: str) -> int:
        """Replicas of the phase that are recorded: more than planned where the verdict went on to further seeds."""
        return sum(entry.phase == phase for entry in list(self.archive.entries.values()))

    def _done(self, phase: str) -> int:
        entries = list(self.archive.entries.values())
        return sum(entry.phase == phase and entry.status in TERMINAL for entry in entries)

    def _at_the_end(self, seconds: float, gained: float) -> float:
        """Seconds of scoring and report, taken to be as much slower than forecast as the training so far."""
        slower = seconds / (gained * self.training) if self.training else 1.0
        return slower * self.end

    def _in_all(self, left: float | None, seconds: float, gained: float, share: float) -> float | None:
        """Seconds left of the suite, whose later studies are taken to be as much slower than forecast as this one."""
        if left is None and share < 1:
            return None
        slower = seconds / (gained * self.forecast) if gained > 0.01 and self.forecast else 1.0
        return (left or 0.0) + self.position.later * slower

    def _share(self, under_way: dict[str, int]) -> float:
        done = dict.fromkeys(PHASES, 0) | under_way
        epochs = self.plan.spec.training.epochs
        for entry in list(self.archive.entries.values()):
            whole = entry.status in ("finished", "diverged", "failed") and entry.phase != "search"
            done[entry.phase] += epochs if whole else entry.epochs
        share = 0.0
        for phase, number in self.plan.counts().items():
            each = halved_epochs(self.plan) / len(self.plan.draws) if phase == "search" else epochs
            share += self.weights[phase] * min(done[phase] / max(number * each, 1), 1.0)
        return share / sum(self.weights.values())


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


def _most_frequent_failures(scheduler: Scheduler) -> dict[str, int]:
    ended = list(scheduler.failures.values())
    reasons = Counter(reason for replicas in ended for reason in replicas.values() if reason)
    return dict(reasons.most_common(FAILURES_SHOWN))
