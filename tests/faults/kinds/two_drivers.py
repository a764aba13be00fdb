"""A second driver in the directory of one that works."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing.process import BaseProcess

from study.store import ledger
from tests.faults.lab import REFUSED, SHORT, Lab
from tests.faults.session import Ended, session
from tests.faults.slow_epochs import SlowEpochs
from tests.faults.trial import Trial

TRIALS = 3


def trial(lab: Lab) -> Trial:
    second: list[Ended] = []

    def intrude(driver: BaseProcess) -> None:
        if not second and ledger.is_locked(lab.out):
            second.append(session(lab.out, SHORT, log="second"))

    first = lab.drive(SlowEpochs(0.2), meanwhile=intrude)
    (other,) = second
    assert (other.code, other.trained) == (REFUSED, []), other.said
    found = lab.went_on(first, came="a study is running here" in other.refusal)
    return replace(found, outcome=f"refused: {other.refusal}; the first: {found.outcome}")
