"""SIGKILL of the driver in the middle of every operation on its files, which is half done."""

from __future__ import annotations

from tests.faults.acts import Kill
from tests.faults.lab import Lab, every_operation
from tests.faults.trial import Trial

TRIALS = 30
"""The stride, too, so that the trials together strike every operation."""


def trial(lab: Lab) -> Trial:
    return every_operation(lab, Kill, TRIALS)
