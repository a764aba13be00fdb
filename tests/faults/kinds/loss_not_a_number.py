"""A replica whose loss becomes no number: it diverges, and its neighbours in the fused array keep their bits."""

from __future__ import annotations

from tests.faults.diverging import neighbours_of
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 3
PARAMETER = float("nan")


def trial(lab: Lab) -> Trial:
    return neighbours_of(lab.number, parameter=PARAMETER)
