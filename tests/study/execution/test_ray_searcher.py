"""Jobs as Tune's trials, without Ray: what the searcher suggests, what waits, and what becomes of errors."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.execution import ray_searcher
from study.execution.heartbeat import Heartbeats
from study.execution.ray_searcher import EndOfWaiting, JobSearcher
from study.execution.scheduler import DONE
from study.jobs.job import Summary
from study.store.ledger import LOCK

FINISHED = ray_searcher.Searcher.FINISHED
WAITING = {"jobs": [], "lock": "process 1"}


class Queue:
    """A scheduler that hands out ``jobs``; a job that is an error is raised."""

    def __init__(self, directory: Path, *jobs: Any) -> None:
        (directory / LOCK).write_text("process 1")
        self.archive = SimpleNamespace(directory=directory)
        self.ready, self.over = deque(jobs), False
        self.ended: list[tuple[str, Summary]] = []
        self.excused: list[str] = []

    def next(self) -> Any:
        job = self.ready.popleft() if self.ready else None
        if isinstance(job, Exception):
            raise job
        return job

    def attempts(self, job: Any) -> int:
        return 2

    def abandoned(self, jobs: Any) -> None:
        self.ready.extend(jobs)

    def excuse(self, job: Any) -> None:
        self.excused.append(job.name)

    def finished(self, job: Any, summary: Summary) -> None:
        self.ended.append((job.name, summary))
        if summary.reason == "stop":
            raise ValueError("most replicas failed")


class Machines:
    """A cluster with so many cores, of which a test says what becomes."""

    def __init__(self, workers: int) -> None:
        self.workers, self.left = workers, set[str]()

    def look(self) -> None: ...

    def look_now_and_then(self) -> None: ...

    def has_left(self, node: str) -> bool:
        return node in self.left


def starting(queue: Any, workers: int) -> JobSearcher:
    """A searcher whose workers are still to start."""
    machines: Any = Machines(workers)
    return JobSearcher(queue, Heartbeats(queue.archive.directory / "beats"), machines)


def searcher(queue: Any, workers: int = 1) -> JobSearcher:
    """A searcher whose workers are all up."""
    made = starting(queue, workers)
    made._num_workers = workers
    return made


def job(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_a_trial_is_a_job_with_its_attempts_and_the_drivers_lock(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    assert searcher(queue).suggest("trial") == {"jobs": [(job("a"), 2)], "lock": "process 1"}


def test_where_there_is_no_job_a_trial_waits_until_there_is_one(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path)
    made = searcher(queue)
    assert made.suggest("trial") == WAITING
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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [0.0]
    monkeypatch.setattr(ray_searcher.time, "monotonic", lambda: now[0])
    return now


def test_jobs_wait_until_all_workers_are_up(tmp_path: Path, clock: list[float]) -> None:
    queue: Any = Queue(tmp_path, job("a"), job("b"))
    made = starting(queue, 2)
    assert [made.suggest(name) for name in ("one", "two", "three")] == [WAITING, WAITING, None]
    made.started("one")
    assert not made.may_end("one"), "one of two is up"
    made.started("two")
    assert made.may_end("two")
    made.on_trial_complete("two", {})
    assert made.suggest("three")["jobs"][0][0] == job("a")
    late = starting(queue, 2)
    late.suggest("four")
    clock[0] += ray_searcher.START_SECONDS + 1
    assert late.suggest("five")["jobs"][0][0] == job("b"), "those that are there begin"


def test_a_machine_that_joins_is_waited_for_and_one_that_leaves_is_not(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, *map(job, "abc"))
    made = searcher(queue)
    machines: Any = made.nodes
    assert made.suggest("one")["jobs"][0][0] == job("a")
    made.started("one")
    assert made.suggest("two") is None, "there is one worker"
    machines.workers = 2
    assert made.suggest("two") == WAITING, "a trial waits for the new machine's worker"
    made.started("two")
    assert made.may_end("two")
    made.on_trial_complete("two", {})
    assert made.suggest("three")["jobs"][0][0] == job("b")
    machines.workers = 1
    made.on_trial_complete("three", error=True)
    assert made.suggest("four") is None


def test_in_an_empty_cluster_one_trial_waits_for_a_machine(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    made = starting(queue, 0)
    assert [made.suggest(name) for name in ("one", "two")] == [WAITING, None]


def test_a_job_without_a_worker_takes_that_of_a_trial_that_waits(tmp_path: Path, clock: list[float]) -> None:
    """Else those that wait hold every processor while the job that they wait for never starts."""
    queue: Any = Queue(tmp_path, job("a"))
    made = searcher(queue, 3)
    assert made.suggest("stranded")["jobs"][0][0] == job("a")
    assert made.suggest("waiting") == WAITING
    made.started("waiting")
    assert not made.may_end("waiting"), "the job has just been handed out"
    clock[0] += ray_searcher.STRANDED_SECONDS + 1
    assert made.may_end("waiting")
    assert made.suggest("another") is None, "it would take the worker before the job does"
    made.on_trial_complete("waiting", {})
    made.started("stranded")
    assert made.suggest("another") == WAITING


def test_a_job_is_excused_once_its_machine_is_known_to_have_left(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, *map(job, "abcd"))
    made = searcher(queue, 2)
    machines: Any = made.nodes
    (tmp_path / "beats").mkdir()
    for name, node in (("a", "node7"), ("b", "node8")):
        made.suggest(name)
        (tmp_path / "beats" / f"{name}.json").write_text(f'[1, 2, null, "{node}"]')
        made.on_trial_complete(name, error=True)
    made.suggest("three")
    assert queue.excused == [], "both machines are still there"
    assert {summary.reason for _, summary in queue.ended} == {ray_searcher.DIED}
    machines.left.add("node7")
    for name in ("four", "five"):
        made.suggest(name)
    assert queue.excused == ["a"], "once"
    (tmp_path / "beats" / "c.json").write_text('[1, 2, null, "node7"]')
    made.on_trial_complete("three", error=True)
    assert queue.ended[-1][1].reason == ray_searcher.LEFT


def test_a_machine_on_which_no_worker_starts_keeps_nobody_waiting(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, *map(job, "ab"))
    made = searcher(queue, 2)
    assert made.suggest("good")["jobs"][0][0] == job("a")
    made.started("good")
    for number in range(2 * ray_searcher.MOST_FAILED_STARTS):
        made.waiting.add(f"bad {number}")
        made._pending[f"bad {number}"] = 0.0
        made.on_trial_complete(f"bad {number}", error=True)
    assert not made.gathering()
    assert made.error is None, "the good one works on"
    assert made.suggest("another")["jobs"][0][0] == job("b")


def test_where_no_worker_ever_starts_the_study_says_so(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"))
    made = starting(queue, 1)
    for number in range(ray_searcher.MOST_FAILED_STARTS):
        assert made.suggest(str(number)) == WAITING
        made.on_trial_complete(str(number), error=True)
    assert made.suggest("next") == FINISHED
    with pytest.raises(UserError, match="20 workers in a row ended while they were starting"):
        raise made.error or AssertionError


def test_a_worker_that_died_ends_its_job_as_died_and_a_result_as_it_is(tmp_path: Path) -> None:
    queue: Any = Queue(tmp_path, job("a"), job("b"))
    made = searcher(queue, 2)
    for name in ("one", "two"):
        made.suggest(name)
    made.on_trial_complete("one", error=True)
    made.on_trial_complete("two", {"summary": Summary("recorded", best={("rain",): 0.5})})
    assert [(name, summary.outcome) for name, summary in queue.ended] == [("a", "died"), ("b", "recorded")]
    assert "died" in queue.ended[0][1].reason
    assert made.num_ended == 1


@pytest.mark.parametrize("dies", [False, True])
def test_short_jobs_of_a_trial_end_one_by_one_and_what_it_had_not_begun_when_it_died_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    queue: Any = Queue(tmp_path, *map(job, "abc"))
    monkeypatch.setattr(ray_searcher, "next_jobs", lambda scheduler, workers: [scheduler.next() for _ in "abc"])
    made = searcher(queue)
    assert [one.name for one, _ in made.suggest("trial")["jobs"]] == ["a", "b", "c"]
    made.on_trial_result("trial", {"summary": Summary("recorded")})
    assert [name for name, _ in queue.ended] == ["a"]
    if dies:
        made.on_trial_complete("trial", error=True)
        assert [(name, summary.outcome) for name, summary in queue.ended] == [("a", "recorded"), ("b", "died")]
        assert [one.name for one in queue.ready] == ["c"]
        return
    made.on_trial_result("trial", {"summary": Summary("recorded")})
    made.on_trial_complete("trial", {"summary": Summary("recorded")})
    assert [name for name, _ in queue.ended] == ["a", "b", "c"]
    assert not queue.ready


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
