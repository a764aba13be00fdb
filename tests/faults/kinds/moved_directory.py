"""A run directory that is moved after its driver was killed."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    first = lab.drive(Send(lab.out, lab.operation, 0.0, (signal.SIGKILL,)))
    there = lab.folder / "elsewhere" / "run of another name"
    there.parent.mkdir()
    if lab.out.is_dir():
        lab.out.rename(there)
    lab.out = there
    return lab.resumed(first)
