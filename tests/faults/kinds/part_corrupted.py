"""A record part in which some bytes are others."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.parts import damaged_part
from tests.faults.trial import Trial

TRIALS = 10


def trial(lab: Lab) -> Trial:
    return damaged_part(lab, lambda whole: flipped(lab, whole))


def flipped(lab: Lab, whole: bytes) -> bytes:
    """The bytes with a tenth of them turned over, the magic numbers at both ends left as they are."""
    content = bytearray(whole)
    for place in lab.chance.sample(range(4, len(whole) - 4), len(whole) // 10):
        content[place] ^= 0xFF
    return bytes(content)
