"""Half of what is written to an object store arrives, and nothing says so."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.object_store import TORN, InStore, came, in_store
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    ended = in_store(lab).drive(InStore(lab.folder, TORN, 3 + 2 * lab.number))
    return lab.went_on(ended, came=came(lab))
