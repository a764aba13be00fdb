"""Jobs as Tune's trials, without Ray: what the searcher suggests, what waits, and what becomes of errors."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study.execution import ray_searcher
from study.execution.heartbeat import Heartbeats
from study.execution.ray_searcher import EndOfWaiting, JobSearcher
from study.execution.scheduler import DONE
from study.jobs.job import Summary
from study.store.ledger import LOCK

FINISHED = ray_searcher.Searcher.FINISHED


class Queue:
    """A scheduler that hands out ``jobs``; a job that is an error is raised."""

    def __init__(self, directory: Path, *jobs: Any) -> None:
        (directory / LOCK).write_text("process 1")
        self.archive = SimpleNamespace(directory=directory)
        self.ready, self.over = deque(jobs), False
        self.ended: list[tuple[str, Summary]] = []

    def next(self) -> Any:
        job = self.ready.popleft() if self.ready else None
        if isinstance(job, Exception):
            raise job
        return job

    def attempts(self, job: Any) -> int:
        return 2

    def finished(self, job: Any, summary: Summary) -> None:
        self.ended.append((job.name, summary))
        if summary.reason == "stop":
            raise ValueError("most replicas failed")


def searcher(queue: Any, workers: int = 1) -> JobSearcher:
    """A searcher whose workers are all up."""
    made = JobSearcher(queue, Heartbeats(queue.archive.directory / "beats"), workers)
    made._gathering_until = None
    return made


def job(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_a_trial_is_a_job_with_its_attempts_and_the_drivers_lock(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    assert searcher(queue).suggest("trial") == {"job": job("a"), "attempts": 2, "lock": "process 1"}


def test_where_there_is_no_job_a_trial_waits_until_there_is_one(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path)
    made = searcher(queue)
    assert made.suggest("trial") == {"job": None}
    stopper = EndOfWaiting(made)
    assert not stopper("trial", {})
    queue.ready.append(job("a"))
    assert stopper("trial", {})
    assert not stopper("another", {}), "only trials that wait are stopped"


def test_at_the_end_there_are_no_more_trials(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, DONE)
    assert searcher(queue).suggest("trial") == FINISHED
    queue.over = True
    assert searcher(queue).suggest("trial") == FINISHED


def test_jobs_wait_until_all_workers_are_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [0.0]
    monkeypatch.setattr(ray_searcher.time, "monotonic", lambda: times[-1])
    queue: Any = Queue(tmp_path, job("a"), job("b"))
    made = JobSearcher(queue, Heartbeats(tmp_path), 2)
    assert [made.suggest(name)["job"] for name in ("one", "two")] == [None, None]
    assert not made.may_end("one"), "one of two is up"
    assert made.may_end("two")
    assert made.suggest("three")["job"] == job("a")
    late = JobSearcher(queue, Heartbeats(tmp_path), 2)
    times.append(ray_searcher.START_SECONDS + 1)
    assert late.suggest("four")["job"] == job("b"), "those that are there begin"


def test_a_worker_that_died_ends_its_job_as_died_and_a_result_as_it_is(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"), job("b"))
    made = searcher(queue)
    for name in ("one", "two"):
        made.suggest(name)
    made.on_trial_complete("one", error=True)
    made.on_trial_complete("two", {"summary": Summary("recorded", best={("rain",): 0.5})})
    assert [(name, summary.outcome) for name, summary in queue.ended] == [("a", "died"), ("b", "recorded")]
    assert "died" in queue.ended[0][1].reason
    assert made.num_ended == 1


def test_a_trial_that_waited_ends_no_job(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path)
    made = searcher(queue)
    made.suggest("one")
    made.on_trial_complete("one")
    assert queue.ended == []


def test_an_error_of_the_scheduler_is_kept_and_ends_the_run(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    made = searcher(queue)
    made.suggest("one")
    made.on_trial_complete("one", {"summary": Summary("recorded", "stop")})
    assert isinstance(made.error, ValueError)
    assert made.suggest("two") == FINISHED
    assert EndOfWaiting(made).stop_all()
    broken: Any = Queue(tmp_path, KeyError("plan"))
    other = searcher(broken)
    assert other.suggest("one") == FINISHED
    assert isinstance(other.error, KeyError)


def test_tune_is_given_nothing_to_pickle(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    assert searcher(queue).__getstate__() == {}
