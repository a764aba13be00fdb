"""A replica whose loss becomes infinite: it diverges, and its neighbours in the fused array keep their bits."""

from __future__ import annotations

from tests.faults.diverging import neighbours_of
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 3
RATE = float("1e38")


def trial(lab: Lab) -> Trial:
    return neighbours_of(lab.number, rate=RATE)
