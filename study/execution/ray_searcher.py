"""The searcher of the Ray back end: what Ray Tune asks for trials is answered by the scheduler."""

from __future__ import annotations

import time
from typing import Any

from study.execution.ray_environment import set_environment

set_environment()

from ray import tune  # noqa: E402
from ray.tune.experiment import Trial  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from mtl_core.errors import UserError  # noqa: E402
from study.execution.heartbeat import Heartbeats  # noqa: E402
from study.execution.job_batches import next_jobs  # noqa: E402
from study.execution.ray_nodes import Nodes  # noqa: E402
from study.execution.scheduler import End, Scheduler  # noqa: E402
from study.jobs.job import Job, Summary  # noqa: E402
from study.store.ledger import LOCK  # noqa: E402

START_SECONDS = 60.0
"""How long jobs wait for workers that are starting up; then those that are there begin."""

STRANDED_SECONDS = 5.0
"""A job whose trial has no worker after this time takes that of a trial that waits."""

MOST_FAILED_STARTS = 20
"""Workers in a row that may end while they start, when no job runs."""

DIED = "the worker process died (killed, out of memory, or crashed)"
LEFT = "its machine is leaving the cluster"


class JobSearcher(Searcher):
    """Gives the scheduler's jobs to Tune as trials, several short ones as one, and Tune's results to the scheduler.

    Tune keeps a worker only while a trial waits for one, and cancels a worker that is starting up when another trial
    ends first.  With jobs shorter than the start of a worker the study would go on with one worker for ever.  So there
    are always as many trials as the cluster holds workers: where there is no job, and until all workers are up, a trial
    waits.  A job whose machine went before its trial had begun must not wait for those that wait: they give way to it.

    An error of the scheduler must not drown in Tune's handling of a trial's errors: it is kept, ends the run, and is
    raised by the back end.

    Args:
        scheduler: what is to do.
        heartbeats: say where a worker hung that was ended for it, and on which machine it was.
        nodes: the machines, which say how many trials there are at once.
    """

    def __init__(self, scheduler: Scheduler, heartbeats: Heartbeats, nodes: Nodes) -> None:
        super().__init__()
        self.scheduler, self.heartbeats, self.nodes = scheduler, heartbeats, nodes
        self.lock = (scheduler.archive.directory / LOCK).read_text()
        self.jobs: dict[str, list[Job]] = {}
        self.waiting: set[str] = set()
        self.error: Exception | None = None
        self.num_ended = 0
        self._pending: dict[str, float] = {}
        self._died_on: list[tuple[str, Job]] = []
        self._failed_starts = 0
        self._num_workers = 0
        self._gathering_until: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return an empty state: Tune pickles its searchers, and this one's state is the records."""
        return {}

    def suggest(self, trial_id: str) -> Any:
        """Return the next jobs as a trial's configuration, that of a trial that waits, or ``None``: no trial now."""
        if self.error is not None or self.scheduler.over:
            return Searcher.FINISHED
        self._follow_the_cluster()
        if len(self.jobs) + len(self.waiting) >= self._num_workers or self._is_stranded():
            return None
        try:
            jobs = [] if self.gathering() else next_jobs(self.scheduler, self._num_workers)
        except Exception as error:
            self.error = error
            return Searcher.FINISHED
        if isinstance(jobs, End):
            return Searcher.FINISHED
        self._pending[trial_id] = time.monotonic()
        if jobs:
            self.jobs[trial_id] = jobs
        else:
            self.waiting.add(trial_id)
        return {"jobs": [(job, self.scheduler.attempts(job)) for job in jobs], "lock": self.lock}

    def started(self, trial_id: str) -> None:
        """Note that a trial has its worker."""
        self._pending.pop(trial_id, None)
        self._failed_starts = 0

    def gathering(self) -> bool:
        """Return whether workers are still starting up."""
        if self._gathering_until is None:
            return False
        up = len(self.jobs) + len(self.waiting) - len(self._pending)
        if up >= self._num_workers or time.monotonic() > self._gathering_until:
            self._gathering_until = None
        return self._gathering_until is not None

    def may_end(self, trial_id: str) -> bool:
        """Return whether a trial that waits may end."""
        if trial_id not in self.waiting:
            return False
        has_work = self.scheduler.ready or self.scheduler.over or self.error
        return self._is_stranded() or (bool(has_work) and not self.gathering())

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the scheduler how the last job of a trial ended, or the one that it died at."""
        if error:
            self._lost_a_worker(has_started=trial_id not in self._pending)
        self._pending.pop(trial_id, None)
        if trial_id in self.waiting:
            self.waiting.remove(trial_id)
            return
        job, *unbegun = self.jobs.pop(trial_id)
        self.scheduler.abandoned(unbegun)
        summary = None if error else (result or {}).get("summary")
        if summary is None:
            node = self.heartbeats.node_of(job.name)
            has_left = bool(node) and self.nodes.has_left(node)
            summary = Summary("died", self.heartbeats.last_words(job.name) or (LEFT if has_left else DIED))
            self._died_on.append((node, job))
        else:
            self.num_ended += 1
        self._ended(job, summary)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Tell the scheduler how one of a trial's jobs ended that is not its last."""
        if trial_id in self.jobs:
            self.num_ended += 1
            self._ended(self.jobs[trial_id].pop(0), result["summary"])

    def _ended(self, job: Job, summary: Summary) -> None:
        try:
            self.scheduler.finished(job, summary)
        except Exception as problem:
            self.error = problem

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Do nothing: the searcher's state is the records."""

    def _follow_the_cluster(self) -> None:
        """Let a trial wait for every worker that the cluster holds now and did not hold before.

        That a machine has left is known later than that its worker died, so jobs are excused afterwards.
        """
        self.nodes.look_now_and_then()
        workers = max(self.nodes.workers, 1)  # a trial that waits for a machine is what makes an autoscaler start one
        if workers > self._num_workers:
            self._gather()
        self._num_workers = workers
        for node, job in self._died_on:
            if node and self.nodes.has_left(node):
                self.scheduler.excuse(job)
        self._died_on = [(node, job) for node, job in self._died_on if node and not self.nodes.has_left(node)]

    def _lost_a_worker(self, *, has_started: bool) -> None:
        """Let trials wait for the next worker, unless it may be a machine on which none can start."""
        self.nodes.look()
        if has_started:
            self._gather()
            return
        self._failed_starts += 1
        if self._failed_starts >= MOST_FAILED_STARTS and len(self._pending) == len(self.jobs) + len(self.waiting):
            found = f"{self._failed_starts} workers in a row ended while they were starting."
            remedy = "Look into Ray's logs on its machines, /tmp/ray/session_latest/logs; the same command resumes."
            self.error = self.error or UserError("Ray", found, remedy)

    def _gather(self) -> None:
        self._gathering_until = time.monotonic() + START_SECONDS

    def _is_stranded(self) -> bool:
        """Whether a job's trial has been without a worker for so long that one that waits has to give way."""
        now = time.monotonic()
        return any(now - since > STRANDED_SECONDS for trial, since in self._pending.items() if trial in self.jobs)


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


class Starts(tune.Callback):
    """Tells the searcher which trials have got their workers."""

    def __init__(self, searcher: JobSearcher) -> None:
        self.searcher = searcher

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Tell the searcher that ``trial`` has a worker, which is new or had another trial before."""
        self.searcher.started(trial.trial_id)
