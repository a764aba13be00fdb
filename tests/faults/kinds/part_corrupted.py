"""A record part in which some bytes are others."""

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
    return damaged_part(lab, first, flipped(lab, whole), part)


def flipped(lab: Lab, whole: bytes) -> bytes:
    """The bytes with a tenth of them turned over, the magic numbers at both ends left as they are."""
    content = bytearray(whole)
    for place in lab.chance.sample(range(4, len(whole) - 4), len(whole) // 10):
        content[place] ^= 0xFF
    return bytes(content)
