"""The clock of the machine jumps forward by a day, again and again, until the driver is killed."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.clock import Jump
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 5
WHY_APART = "as clock_back"
SECONDS = 86400.0


def trial(lab: Lab) -> Trial:
    last = len(lab.undisturbed.operations)
    fault = Send(lab.out, lab.chance.randrange(last // 2, last), 0.0, (signal.SIGKILL,))
    first = lab.drive(Jump(lab.out, SECONDS), fault)
    return lab.resumed(first, came="clock" in lab.came() and first.code < 0)
