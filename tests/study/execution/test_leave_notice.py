"""A worker hears that it must leave: from the head that drains its machine, or by SIGTERM."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from ray.exceptions import RpcError

from study.execution import leave_notice
from study.execution.leave_notice import LeaveNotice


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """Signals that would have ended the process."""
    found: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: found.append(number))
    yield found
    signal.signal(signal.SIGTERM, before)


def test_it_comes_when_this_machine_is_drained_and_not_when_another_is() -> None:
    drained: dict[str, int] = {"other": 0}
    notice = LeaveNotice("mine", lambda: drained)
    notice.ask()
    assert not notice.has_come()
    drained["mine"] = 0
    notice.ask()
    assert notice.has_come()


def test_it_is_asked_for_again_where_the_head_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, ended: list[int]
) -> None:
    monkeypatch.setattr(leave_notice, "ASK_SECONDS", 0.01)
    answers = iter([RpcError("deadline exceeded"), set(), {"mine"}])

    def draining() -> set[str]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    notice = LeaveNotice("mine", draining)
    notice.listen()
    until = time.monotonic() + 900
    while not notice.has_come():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_sigterm_is_a_notice_while_a_job_is_at_work_and_else_ends_the_process(ended: list[int]) -> None:
    notice = LeaveNotice("mine", set)
    notice.listen()
    with notice.at_work():
        os.kill(os.getpid(), signal.SIGTERM)
        assert notice.has_come()
        assert ended == []
    os.kill(os.getpid(), signal.SIGTERM)
    assert ended == [signal.SIGTERM]
