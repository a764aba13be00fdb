"""A worker without Ray: it waits where there is no job, runs the one that it gets, and says what it cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from study.execution import ray_worker
from study.execution.heartbeat import Heartbeats
from study.execution.leave_notice import LeaveNotice
from study.execution.node_facts import node_facts
from study.execution.ray_worker import LONGEST_WAIT, Worker
from study.jobs.job import Data, Summary
from study.store.ledger import LOCK
from study.store.storage import LocalStorage
from tests.study.conftest import small_task_set

DATA = Data(small_task_set().development)
RECORDED = Summary("recorded", best={("rain",): 0.5})


class Unasked(LeaveNotice):
    """A notice that nobody is asked for."""

    def listen(self) -> None: ...

    def come(self) -> None:
        self._come.set()


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A worker on the driver's machine."""
    (tmp_path / LOCK).write_text("session 1")
    monkeypatch.setattr(ray_worker, "this_node", lambda: "driver's")
    monkeypatch.setattr(ray_worker, "LeaveNotice", Unasked)
    threads = torch.get_num_threads()
    yield made(tmp_path, None)
    torch.set_num_threads(threads)


def made(directory: Path, server: Any) -> Worker:
    worker = Worker.__new__(Worker)
    worker.setup({}, DATA, directory, Heartbeats(directory / "beats", node="driver's"), "cuda", server)
    return worker


def job(run: Callable[..., Summary]) -> Any:
    return SimpleNamespace(name="a", run=run)


def test_it_trains_on_the_device_of_the_cluster(worker: Worker) -> None:
    assert worker.data == replace(DATA, device="cuda")


def test_without_a_job_it_waits_ever_longer_but_never_long(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(ray_worker.time, "sleep", waited.append)
    worker.config = {"jobs": []}
    assert all(worker.step() == {"done": False} for _ in range(40))
    assert waited == sorted(waited)
    assert 0 < waited[0] < waited[-1] == LONGEST_WAIT
    worker.reset_config({})
    worker.step()
    assert waited[-1] == waited[0], "another wait begins anew"


def test_its_job_gets_the_data_the_directory_and_a_heartbeat(worker: Worker, tmp_path: Path) -> None:
    told: list[Any] = []

    def run(data: Data, storage: LocalStorage, heartbeat: Any) -> Summary:
        told.extend([data, storage, (tmp_path / "beats" / "a.json").exists()])
        return RECORDED

    worker.config = {"jobs": [(job(run), 0)], "lock": "session 1"}
    assert worker.step() == {"done": True, "summary": RECORDED}
    assert told == [worker.data, LocalStorage(tmp_path), True]


def test_several_jobs_are_answered_one_by_one_and_the_last_ends_the_trial(worker: Worker) -> None:
    worker.config = {"jobs": [(job(lambda *_: RECORDED), 0)] * 3, "lock": "session 1"}
    for _ in range(2):
        assert [worker.step()["done"] for _ in range(3)] == [False, False, True]
        worker.reset_config({})


@pytest.mark.parametrize("outcome", ["left", "recorded"])
def test_told_to_leave_it_ends_with_a_job_that_has_stored_its_state_and_with_none(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, outcome: Any
) -> None:
    """What Ray then raises ends the process; a job that came to its end all the same is answered."""

    def leave() -> None:
        raise SystemExit

    heard: list[bool] = []

    def run(data: Data, storage: LocalStorage, heartbeat: Any) -> Summary:
        heard.append(heartbeat(1, 2, 0.5))
        return Summary(outcome)

    monkeypatch.setattr(ray_worker, "exit_actor", leave)
    worker.notice.come()  # type: ignore[attr-defined]
    worker.config = {"jobs": [(job(run), 0)], "lock": "session 1"}
    if outcome == "left":
        with pytest.raises(SystemExit):
            worker.step()
    else:
        assert worker.step() == {"done": True, "summary": Summary("recorded")}
    assert heard == [True]
    worker.config = {"jobs": []}
    with pytest.raises(SystemExit):
        worker.step()


def test_a_directory_that_it_does_not_see_stops_the_study(worker: Worker) -> None:
    worker.config = {"jobs": [(job(lambda *_: RECORDED), 0)], "lock": "session 2"}
    summary = worker.step()["summary"]
    assert summary.outcome == "stuck"
    assert "does not see the run directory" in summary.reason


def test_far_from_the_driver_it_sends_its_heartbeats(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    server = SimpleNamespace(beat=SimpleNamespace(remote=lambda *beat: sent.append(beat)))
    monkeypatch.setattr(ray_worker, "this_node", lambda: "node7")
    far = made(tmp_path, server)
    far.config = {"jobs": [(job(lambda *_: RECORDED), 0)], "lock": "session 1"}
    far.step()
    assert sent == [("a", '[0, 0, null, "node7"]')]
    assert not (tmp_path / "beats").exists()
    sent.clear()
    monkeypatch.setattr(ray_worker, "this_node", lambda: "driver's")
    near = made(tmp_path, server)
    near.config = far.config
    near.step()
    assert (sent, (tmp_path / "beats").exists()) == ([], True)


@pytest.mark.parametrize("same", [True, False])
def test_on_a_machine_that_differs_it_trains_nothing_and_says_why(worker: Worker, same: bool) -> None:
    expected = node_facts() if same else replace(node_facts(), engine="0")
    worker.setup({}, DATA, worker.directory, worker.heartbeats, "cpu", None, expected)
    worker.config = {"jobs": [(job(lambda *given: RECORDED), 0)], "lock": "session 1"}
    summary = worker.step()["summary"]
    assert (summary == RECORDED) == same
    assert same or (summary.outcome == "stuck" and "the driver's machine: engine version" in summary.reason)
