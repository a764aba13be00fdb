"""How many jobs a trial gets: one, or several short ones where there are many."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from study.execution.job_batches import BATCH_SECONDS, MOST_JOBS, next_jobs
from study.execution.ready_jobs import ReadyJobs
from study.execution.scheduler import DONE


class Queue:
    """A scheduler of so many jobs that take so many seconds each."""

    def __init__(self, number: int, seconds: float) -> None:
        self.ready, self.over = ReadyJobs(lambda job: seconds), False
        for name in range(number):
            self.ready.add(SimpleNamespace(name=str(name)), None)  # type: ignore[arg-type]

    def next(self) -> Any:
        return self.ready.pop()[0] if self.ready else DONE if self.over else None


def sizes(number: int, seconds: float, workers: int) -> list[int]:
    queue: Any = Queue(number, seconds)
    found = []
    while jobs := next_jobs(queue, workers):
        found.append(len(jobs))  # type: ignore[arg-type]
    return found


def test_a_long_job_is_alone() -> None:
    assert sizes(50, BATCH_SECONDS, 1) == [1] * 50


def test_short_jobs_go_together_while_there_are_enough_for_every_worker() -> None:
    found = sizes(100, BATCH_SECONDS / 4, 2)
    assert found[0] == 4
    assert found[-2 * MOST_JOBS :] == [1] * 2 * MOST_JOBS
    assert sum(found) == 100
    assert max(sizes(100, 0.0, 2)) == MOST_JOBS


@pytest.mark.parametrize("over", [False, True])
def test_where_there_is_no_job_there_is_none_or_an_end(over: bool) -> None:
    queue: Any = Queue(0, 0.0)
    queue.over = over
    assert next_jobs(queue, 1) == (DONE if over else [])
