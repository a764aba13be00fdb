"""A fifth of the replicas fails: the study ends, and counts and names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import analysis
from tests.faults.engines import Failing
from tests.faults.lab import Lab
from tests.faults.trial import FINISHED, Trial

TRIALS = 3
WHY_APART = "draws the report of a longer study"
DEPTHS = {"factors": {"depth": [1, 2, 3, 4], "stages": [4]}}
"""More arms that share, so that some can be judged if others fail."""


@dataclass
class EveryFifth:
    """Whether a shard is the fifth since the last one that failed."""

    number: int

    def __call__(self, recipe: Any, rows: Any) -> bool:
        self.number += 1
        return self.number % 5 == 0


def error() -> RuntimeError:
    return RuntimeError("the loss of this one is not defined")


def trial(lab: Lab) -> Trial:
    ended = lab.drive(Failing(lab.out, EveryFifth(lab.number), error), report=True, **DEPTHS)
    frame = analysis.load(lab.out).replicas
    share = (frame["status"] == "failed").mean()
    named = frame.loc[frame["status"] == "failed", "reason"].str.contains("the loss of this one").all()
    page = (lab.out / "report.html").read_text() if (lab.out / "report.html").is_file() else ""
    right = ended.code == 0 and named and "the loss of this one is not defined" in page
    return Trial(FINISHED, int(0.05 < share < 0.45), ended.silence, different="" if right else ended.said[-400:])
