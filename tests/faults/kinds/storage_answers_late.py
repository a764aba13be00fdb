"""The driver's storage actor answers a worker too late, or not at all until it gives up and is tried again."""

from __future__ import annotations

from study.execution.driver_storage import TRIES
from tests.faults.far_storage import LATE, FarStorage
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    ended = lab.drive(FarStorage(lab.out, LATE, 5 + lab.number, times=1 + lab.number % TRIES))
    return lab.went_on(ended, came=bool(lab.came()))
