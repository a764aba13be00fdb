"""Requests to an object store fail now and then, twice in a row."""

from __future__ import annotations

from tests.faults.lab import Lab
from tests.faults.object_store import FAILS, InStore, came, in_store
from tests.faults.trial import Trial

TRIALS = 5


def trial(lab: Lab) -> Trial:
    ended = in_store(lab).drive(InStore(lab.folder, FAILS, 7 + 4 * lab.number))
    return lab.went_on(ended, came=came(lab))
