"""The searcher of the Ray back end: what Ray Tune asks for trials is answered by the scheduler."""

from __future__ import annotations

import time
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

from ray import tune  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from study.execution.heartbeat import Heartbeats  # noqa: E402
from study.execution.scheduler import DONE, Scheduler  # noqa: E402
from study.jobs.job import Job, Summary  # noqa: E402
from study.store.ledger import LOCK  # noqa: E402

START_SECONDS = 60.0
"""How long jobs wait for workers that are starting up; then those that are there begin."""


class JobSearcher(Searcher):
    """Gives the scheduler's jobs to Tune as trials, and Tune's results to the scheduler.

    Tune keeps a worker only while a trial waits for one, and cancels a worker that is starting up when another trial
    ends first.  With jobs shorter than the start of a worker the study would go on with one worker for ever.  So there
    are always as many trials as workers: where there is no job, and until all workers are up, a trial waits.

    An error of the scheduler must not drown in Tune's handling of a trial's errors: it is kept, ends the run, and is
    raised by the back end.

    Args:
        scheduler: what is to do.
        heartbeats: say where a worker hung that was ended for it.
        workers: trials at once.
    """

    def __init__(self, scheduler: Scheduler, heartbeats: Heartbeats, workers: int) -> None:
        super().__init__()
        self.scheduler, self.heartbeats, self.workers = scheduler, heartbeats, workers
        self.lock = (scheduler.archive.directory / LOCK).read_text()
        self.jobs: dict[str, Job] = {}
        self.waiting: dict[str, bool] = {}
        self.error: Exception | None = None
        self.num_ended = 0
        self._gathering_until: float | None = time.monotonic() + START_SECONDS

    def __getstate__(self) -> dict[str, Any]:
        """Return an empty state: Tune pickles its searchers, and this one's state is the records."""
        return {}

    def suggest(self, trial_id: str) -> Any:
        """Return the next job as a trial's configuration, or the configuration of a trial that waits."""
        if self.error is not None or self.scheduler.over:
            return Searcher.FINISHED
        try:
            job = None if self.gathering() else self.scheduler.next()
        except Exception as error:
            self.error = error
            return Searcher.FINISHED
        if job is DONE:
            return Searcher.FINISHED
        if job is None:
            self.waiting[trial_id] = False
            return {"job": None}
        self.jobs[trial_id] = job
        return {"job": job, "attempts": self.scheduler.attempts(job), "lock": self.lock}

    def gathering(self) -> bool:
        """Return whether workers are still starting up."""
        if self._gathering_until is None:
            return False
        up = len(self.jobs) + sum(self.waiting.values())
        if up >= self.workers or time.monotonic() > self._gathering_until:
            self._gathering_until = None
        return self._gathering_until is not None

    def may_end(self, trial_id: str) -> bool:
        """Return whether a trial that waits may end."""
        if trial_id not in self.waiting:
            return False
        self.waiting[trial_id] = True
        return not self.gathering() and bool(self.scheduler.ready or self.scheduler.over or self.error)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the scheduler how the job of a trial ended."""
        if error:
            self._gathering_until = time.monotonic() + START_SECONDS
        if self.waiting.pop(trial_id, None) is not None:
            return
        job = self.jobs.pop(trial_id)
        summary = (result or {}).get("summary")
        if error or summary is None:
            reason = (
                self.heartbeats.last_words(job.name) or "the worker process died (killed, out of memory, or crashed)"
            )
            summary = Summary("died", reason)
        else:
            self.num_ended += 1
        try:
            self.scheduler.finished(job, summary)
        except Exception as problem:
            self.error = problem

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Do nothing: a job has one result, its last."""

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Do nothing: the searcher's state is the records."""


class EndOfWaiting(tune.Stopper):
    """Ends trials that wait once there is something to do, and the run as soon as the searcher holds an error."""

    def __init__(self, searcher: JobSearcher) -> None:
        self.searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return whether the trial may end."""
        return self.searcher.may_end(trial_id)

    def stop_all(self) -> bool:
        """Return whether the searcher holds an error."""
        return self.searcher.error is not None
