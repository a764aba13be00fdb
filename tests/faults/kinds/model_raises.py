"""An error that the user's model or loss raises for one arm: its replicas fail, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.engines import Failing
from tests.faults.lab import Lab
from tests.faults.trial import FINISHED, Trial


class Odd(Exception):
    """An error whose text cannot be made."""

    def __str__(self) -> str:
        raise ValueError("no text")


ERRORS: tuple[Callable[[], BaseException], ...] = (
    ZeroDivisionError,
    lambda: KeyError("weight"),
    lambda: AssertionError("shapes"),
    lambda: RecursionError("maximum recursion depth exceeded"),
    lambda: StopIteration("batch"),
    lambda: SystemExit(0),
    lambda: OSError(2, "No such file or directory", "words.txt"),
    lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    lambda: RuntimeError("\x1b[31mred\n\0" * 1_000),
    Odd,
)
TRIALS = len(ERRORS)


@dataclass(frozen=True)
class Error:
    """Makes one of the errors."""

    number: int

    def __call__(self) -> BaseException:
        return ERRORS[self.number]()


def independent(recipe: Any, rows: Any) -> bool:
    """Whether the arm is the one without sharing."""
    return recipe.sharing == "independent"


def trial(lab: Lab) -> Trial:
    ended = lab.drive(Failing(lab.out, independent, Error(lab.number * TRIALS // lab.of)))
    after = lab.held.entries
    failed = [entry for entry in after.values() if entry.status == "failed"]
    right = failed and all(entry.reason for entry in failed)
    wrong = "" if ended.code == 0 and right else f"exit status {ended.code}, {len(failed)} failed: {ended.said[-300:]}"
    different = wrong or lab.rows_that_differ(lambda row: row["sharing"] != "independent" and row["phase"] == "search")
    return Trial(FINISHED, int(bool(lab.came())), ended.silence, different=different)
