"""The lock file of a driver that is dead, or a lock file with anything in it."""

from __future__ import annotations

import signal

from study.store.ledger import LOCK
from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 5
WHY_APART = "as killed_anywhere"
LEFT = (b"", b"process 1 on this-machine, session 0000\n", b"\xff\0" * 2_000, b"process 999999999", b"{}")


def trial(lab: Lab) -> Trial:
    first = lab.drive(Send(lab.out, lab.operation, 0.0, (signal.SIGKILL,)))
    (lab.out / LOCK).write_bytes(LEFT[lab.number % len(LEFT)])
    return lab.resumed(first)
