"""The driver of a study in an object store is killed, and its disk is lost; an empty machine goes on."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import Lab
from tests.faults.object_store import KILLED, REQUESTS, InStore, held_in_store, in_store, lose_the_disk
from tests.faults.trial import Trial

TRIALS = 40


def trial(lab: Lab) -> Trial:
    in_store(lab)
    if lab.number % 2:
        first = lab.drive(InStore(lab.folder, KILLED, lab.chance.randint(1, REQUESTS)))
    else:
        delay = 0.02 * lab.chance.random()
        first = lab.drive(InStore(lab.folder), Send(lab.out, lab.operation, delay, (signal.SIGKILL,)))
    held = held_in_store(lab)
    lose_the_disk(lab)
    return lab.resumed(first, held=held, faults=(InStore(lab.folder),))
