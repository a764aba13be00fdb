"""A record part that ends in the middle."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.parts import damaged_part
from tests.faults.trial import Trial

TRIALS = 10


def trial(lab: Lab) -> Trial:
    return damaged_part(lab, lambda whole: whole[: lab.chance.randrange(1, len(whole))])
