"""Writes through the driver's storage actor arrive twice."""

from __future__ import annotations

from tests.faults.far_storage import TWICE, FarStorage
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 3
WHY_APART = "as storage_answers_late"


def trial(lab: Lab) -> Trial:
    ended = lab.drive(FarStorage(lab.out, TWICE, 1 + lab.number))
    return lab.went_on(ended, came=bool(lab.came()))
