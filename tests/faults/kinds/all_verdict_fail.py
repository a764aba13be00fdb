"""All replicas of the verdict phase fail, or all that share, or all that share nothing: no verdict is given."""

from __future__ import annotations

from tests.faults.judged_phases import ALL, BASELINES, SHARING, without_judgement
from tests.faults.lab import Lab
from tests.faults.trial import Trial

WHICH = (SHARING, BASELINES, ALL)
TRIALS = len(WHICH)
WHY_APART = "tests/study/protocol/test_failure.py says the same"


def trial(lab: Lab) -> Trial:
    return without_judgement(lab, "verdict", WHICH[lab.number * TRIALS // lab.of])
