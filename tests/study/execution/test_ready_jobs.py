"""Which job starts next."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from study.execution.ready_jobs import ReadyJobs


def job(name: str, seconds: float) -> Any:
    return SimpleNamespace(name=name, seconds=seconds)


def names(ready: ReadyJobs) -> list[tuple[str, str]]:
    return [(job.name, waiter) for job, waiter in ready]


def test_the_longest_goes_first_and_equal_ones_as_they_came() -> None:
    ready = ReadyJobs(lambda job: job.seconds)  # type: ignore[attr-defined]
    assert not ready
    for number, (name, seconds) in enumerate([("a", 1.0), ("b", 3.0), ("c", 1.0), ("d", 2.0)]):
        ready.add(job(name, seconds), f"arm {number}")
    shown = names(ready)
    assert shown == [("b", "arm 1"), ("d", "arm 3"), ("a", "arm 0"), ("c", "arm 2")]
    popped = [ready.pop() for _ in range(len(ready))]
    assert [(job.name, waiter) for job, waiter in popped] == shown
    assert not ready
