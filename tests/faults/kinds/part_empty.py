"""A record part without a byte."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.parts import damaged_part, last_part
from tests.faults.trial import Trial

TRIALS = 10
WHY_APART = "as part_truncated"


def trial(lab: Lab) -> Trial:
    last = len(lab.undisturbed.operations)
    first = lab.drive(Send(lab.out, lab.chance.randrange(last // 4, last), 0.0, (signal.SIGKILL,)))
    part = last_part(lab)
    return damaged_part(lab, first, b"", part)
