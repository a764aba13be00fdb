"""A record part without a byte."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.parts import damaged_part
from tests.faults.trial import Trial

TRIALS = 10
WHY_APART = "as part_truncated"


def trial(lab: Lab) -> Trial:
    return damaged_part(lab, lambda whole: b"")
