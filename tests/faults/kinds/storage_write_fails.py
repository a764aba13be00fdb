"""A write through the driver's storage actor fails on the driver's disk."""

from __future__ import annotations

from tests.faults.far_storage import FAILS, FarStorage
from tests.faults.lab import REFUSED, Lab
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    first = lab.drive(FarStorage(lab.out, FAILS, 3 + 9 * lab.number))
    return lab.resumed(first, came=bool(lab.came()) and first.code == REFUSED).saying(first.refusal)
