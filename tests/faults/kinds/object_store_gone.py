"""An object store is gone from some request on; the study goes on later, here or on an empty machine."""

from __future__ import annotations

from tests.faults.lab import REFUSED, Lab
from tests.faults.object_store import GONE, REQUESTS, InStore, came, held_in_store, in_store, lose_the_disk
from tests.faults.trial import Trial

TRIALS = 20


def trial(lab: Lab) -> Trial:
    first = in_store(lab).drive(InStore(lab.folder, GONE, lab.chance.randint(20, REQUESTS)))
    struck = came(lab) and first.code == REFUSED
    held = held_in_store(lab) if lab.number % 2 else lab.held
    if lab.number % 2:
        lose_the_disk(lab)
    return lab.resumed(first, came=struck, held=held, faults=(InStore(lab.folder),)).saying(first.refusal)
