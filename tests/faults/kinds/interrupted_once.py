"""SIGINT, as Ctrl+C sends it, once."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 20
WHY_APART = "as terminated, with another signal"


def trial(lab: Lab) -> Trial:
    fault = Send(lab.out, lab.operation, 0.02 * lab.chance.random(), (signal.SIGINT,))
    return lab.resumed(lab.drive(fault))
