"""EDQUOT, the quota exceeded, at every operation on the driver's files."""

from __future__ import annotations

import errno
from pathlib import Path

from tests.faults.acts import Raise
from tests.faults.lab import Lab, every_operation
from tests.faults.trial import Trial

TRIALS = 30
"""The stride, too, so that the trials together strike every operation."""
WHY_APART = "as disk_full, with another number"


def fault(out: Path, at: int) -> Raise:
    return Raise(out, at, errno.EDQUOT)


def trial(lab: Lab) -> Trial:
    return every_operation(lab, fault, TRIALS)
