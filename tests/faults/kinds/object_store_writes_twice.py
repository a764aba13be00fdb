"""What is written to an object store arrives, its answer is lost, and it arrives once more later."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.object_store import TWICE, InStore, came, in_store
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    ended = in_store(lab).drive(InStore(lab.folder, TWICE, 3 + 2 * lab.number))
    return lab.went_on(ended, came=came(lab))
