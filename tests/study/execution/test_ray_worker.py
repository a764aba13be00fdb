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
from study.execution.ray_worker import LONGEST_WAIT, Worker
from study.jobs.job import Data, Summary
from study.store.ledger import LOCK
from study.store.storage import LocalStorage
from tests.study.conftest import small_task_set

DATA = Data(small_task_set().development)
RECORDED = Summary("recorded", best=0.5)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    """A worker that sees the run directory."""
    (tmp_path / LOCK).write_text("session 1")
    made = Worker.__new__(Worker)
    threads = torch.get_num_threads()
    made.setup({}, DATA, tmp_path, Heartbeats(tmp_path / "beats"), "cuda", None)
    yield made
    torch.set_num_threads(threads)


def job(run: Callable[..., Summary]) -> Any:
    return SimpleNamespace(name="a", run=run)


def test_it_trains_on_the_device_of_the_cluster(worker: Worker) -> None:
    assert worker.data == replace(DATA, device="cuda")


def test_without_a_job_it_waits_ever_longer_but_never_long(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(ray_worker.time, "sleep", waited.append)
    worker.config = {"job": None}
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

    worker.config = {"job": job(run), "attempts": 0, "lock": "session 1"}
    assert worker.step() == {"done": True, "summary": RECORDED}
    assert told == [worker.data, LocalStorage(tmp_path), True]


def test_a_directory_that_it_does_not_see_stops_the_study(worker: Worker) -> None:
    worker.config = {"job": job(lambda *_: RECORDED), "attempts": 0, "lock": "session 2"}
    summary = worker.step()["summary"]
    assert summary.outcome == "stuck"
    assert "does not see the run directory" in summary.reason
