"""How often a job is tried, by how it ended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from study.execution.retries import ATTEMPTS, MOST_EXCUSES, Retries

PAIR: Any = SimpleNamespace(name="pair", replicas={"a": 0, "b": 0})
ALONE: Any = SimpleNamespace(name="alone", replicas={"a": 0})


def story(retries: Retries, job: Any, outcome: str, times: int) -> list[str]:
    """What is to be done after each of so many tries that end alike."""
    steps = []
    for _ in range(times):
        retries.count(job)
        steps.append(retries.after(job, outcome))
    return steps


@pytest.mark.parametrize(
    ("outcome", "steps"),
    [
        ("died", ["again"] * (ATTEMPTS - 1) + ["cut"]),
        ("memory", ["cut"]),
        ("undelivered", ["again"] * (ATTEMPTS - 1) + ["stop"]),
        ("stuck", ["stop"]),
    ],
)
def test_what_follows_depends_on_how_it_ended(outcome: str, steps: list[str]) -> None:
    assert story(Retries(), PAIR, outcome, len(steps)) == steps


def test_a_try_whose_machine_left_does_not_count_unless_it_happens_again_and_again() -> None:
    retries = Retries()
    for _ in range(MOST_EXCUSES):
        assert story(retries, PAIR, "died", 1) == ["again"]
        retries.excuse(PAIR)
    assert not retries.are_over(PAIR)
    assert story(retries, PAIR, "died", 1) == ["again"]
    retries.excuse(PAIR)
    assert story(retries, PAIR, "died", ATTEMPTS - 1) == ["again"] * (ATTEMPTS - 2) + ["cut"]


@pytest.mark.parametrize(("piece", "steps"), [(PAIR, ["cut"]), (ALONE, ["again", "cut"])])
def test_a_piece_is_tried_once_and_a_replica_alone_twice(piece: Any, steps: list[str]) -> None:
    retries = Retries()
    retries.cut([piece])
    assert story(retries, piece, "died", len(steps)) == steps
