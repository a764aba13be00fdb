"""SIGKILL of the driver at a random moment, from its start to its report."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.report_moment import ReportMoment
from tests.faults.trial import Trial

TRIALS = 200
WHY_APART = "tests/faults/test_kill.py kills drivers in the ordinary suite"
LONGEST_DELAY = 0.02
"""Seconds after an operation on a file: most of what lies between two."""
EVERY = 20
"""One trial of so many is killed during its start, and one while it writes its report."""


def trial(lab: Lab) -> Trial:
    delay = lab.chance.random()
    in_report = lab.number % EVERY == 0
    if in_report:
        fault = ReportMoment(lab.out, 4.0 * delay)
    elif lab.number % EVERY == 1:
        fault = Send(lab.out, 0, 0.2 * delay, (signal.SIGKILL,))
    else:
        fault = Send(lab.out, lab.operation, LONGEST_DELAY * delay, (signal.SIGKILL,))
    return lab.resumed(lab.drive(fault, report=in_report), report=in_report)
