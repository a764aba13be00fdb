"""SIGKILL of the driver while real Ray workers train: three times in every study."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.on_ray import killed_drivers
from tests.faults.trial import Trial

TRIALS = 4
KILLS = 3
WHY_APART = "starts Ray four times in each of its studies"


def trial(lab: Lab) -> Trial:
    return killed_drivers(lab, KILLS)
