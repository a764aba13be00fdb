"""Listings of an object store do not show what was written, and the driver is killed with its disk."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.object_store import LAGS, InStore, came, held_in_store, in_store, lose_the_disk
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    lagging = InStore(lab.folder, LAGS)
    first = in_store(lab).drive(lagging, Send(lab.out, lab.operation, 0.0, (signal.SIGKILL,)))
    held = held_in_store(lab)
    lose_the_disk(lab)
    return lab.resumed(first, came=came(lab) and first.code < 0, held=held, faults=(lagging,))
