"""How a job may end: what is an outcome, what is a failure, and an error in one line."""

from __future__ import annotations

import errno

import pytest

from study.jobs.job import Summary, describe, guarded


def ending(error: BaseException) -> Summary:
    """How a job ends whose work raises ``error``."""

    def work() -> Summary:
        raise error

    return guarded(work, lambda reason: Summary("recorded", reason))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MemoryError(), "memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "stuck"),
        (OSError(errno.EROFS, "Read-only file system"), "stuck"),
        (OSError(errno.ENOENT, "No such file"), "recorded"),
        (ValueError("out of memory"), "recorded"),
        (ZeroDivisionError("a user's loss"), "recorded"),
    ],
)
def test_want_of_memory_or_disk_is_no_failure_of_the_replicas(error: Exception, outcome: str) -> None:
    ended = ending(error)
    assert ended.outcome == outcome
    assert type(error).__name__ in ended.reason


def test_what_is_no_error_of_a_program_is_not_taken_for_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        ending(KeyboardInterrupt())


def test_work_that_succeeds_is_passed_through() -> None:
    done = Summary("recorded", best={("rain",): 0.5})
    assert guarded(lambda: done, lambda reason: Summary("stuck", reason)) is done


def test_an_error_is_one_line_with_its_place() -> None:
    assert describe(ValueError("first line\nsecond line")) == "ValueError: first line"
    assert ending(KeyError("depth")).reason.startswith("KeyError: 'depth' (test_job.py:")
    assert len(describe(ValueError("x" * 5_000))) < 400
