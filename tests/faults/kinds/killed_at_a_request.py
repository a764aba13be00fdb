"""SIGKILL of the driver at a request to an object store; the same machine goes on."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.object_store import KILLED, REQUESTS, InStore, in_store
from tests.faults.trial import Trial

TRIALS = 40


def trial(lab: Lab) -> Trial:
    first = in_store(lab).drive(
        InStore(lab.folder, KILLED, 1 + int((lab.number + lab.chance.random()) / lab.of * REQUESTS))
    )
    return lab.resumed(first, faults=(InStore(lab.folder),))
