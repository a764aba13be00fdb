"""The back end in this process: it runs what the scheduler has, in order, until nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from study.execution.heartbeat import Heartbeats
from study.execution.inline import Inline
from study.execution.scheduler import DONE
from study.jobs.job import Summary
from study.store.storage import LocalStorage


class Named:
    """A job that notes what it was given."""

    def __init__(self, name: str, seen: list[Any]) -> None:
        self.name, self.seen = name, seen

    def run(self, data: Any, directory: Path, heartbeat: Any) -> Summary:
        heartbeat(1, 1, 0.5)
        self.seen.append((self.name, data, directory, torch.get_num_threads()))
        return Summary("recorded", self.name)


class Queue:
    """A scheduler of jobs that wait for nothing."""

    def __init__(self, jobs: list[Any], directory: Path) -> None:
        self.jobs, self.archive, self.ended = jobs, self, []
        self.directory = directory

    def next(self) -> Any:
        return self.jobs.pop(0) if self.jobs else DONE

    def attempts(self, job: Any) -> int:
        return 0

    def finished(self, job: Any, summary: Summary) -> None:
        self.ended.append((job.name, summary.reason))


def test_jobs_run_one_after_the_other_with_one_thread(tmp_path: Path) -> None:
    seen: list[Any] = []
    queue: Any = Queue([Named("a", seen), Named("b", seen)], tmp_path)
    data: Any = object()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        Inline(Heartbeats(tmp_path / "beats")).run(queue, data)
    finally:
        torch.set_num_threads(threads)
    assert seen == [("a", data, LocalStorage(tmp_path), 1), ("b", data, LocalStorage(tmp_path), 1)]
    assert queue.ended == [("a", "a"), ("b", "b")]
    assert not list((tmp_path / "beats").iterdir()), "a job that has ended leaves no heartbeat"


def test_a_scheduler_that_waits_for_nobody_is_a_defect(tmp_path: Path) -> None:
    queue: Any = Queue([None], tmp_path)
    with pytest.raises(AssertionError, match="nobody runs"):
        Inline(Heartbeats(tmp_path)).run(queue, None)  # type: ignore[arg-type]


def test_work_for_a_card_is_done_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data: Any = object()
    assert Inline(Heartbeats(tmp_path), "cpu").gpus(data) == {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    backend = Inline(Heartbeats(tmp_path), "auto")
    assert backend.gpus(data) == {"": 1}
    assert backend.on_card(lambda: 7, data, "") == 7
    assert (backend.device, backend.most_on_a_card) == ("cuda", 1)
    backend.share_card(4)
    assert backend.share == 1.0
