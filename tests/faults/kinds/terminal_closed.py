"""SIGHUP, as a terminal sends that is closed."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 20
WHY_APART = "as terminated, with another signal"


def trial(lab: Lab) -> Trial:
    fault = Send(lab.out, lab.operation, 0.02 * lab.chance.random(), (signal.SIGHUP,))
    return lab.resumed(lab.drive(fault))
