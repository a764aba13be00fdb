"""A record part that ends in the middle."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.parts import damaged_part, last_part
from tests.faults.trial import Trial

TRIALS = 10


def trial(lab: Lab) -> Trial:
    last = len(lab.undisturbed.operations)
    first = lab.drive(Send(lab.out, lab.chance.randrange(last // 4, last), 0.0, (signal.SIGKILL,)))
    part = last_part(lab)
    whole = part.read_bytes()
    return damaged_part(lab, first, whole[: lab.chance.randrange(1, len(whole))], part)
