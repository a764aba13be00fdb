"""Another study file for the same run directory."""

from __future__ import annotations

from typing import Any

from tests.faults.lab import Lab
from tests.faults.trial import Trial

CHANGES: tuple[dict[str, Any], ...] = (
    {"factors": {"depth": [1], "stages": [1], "width": [8]}},
    {"training": {"epochs": 6}},
    {"tasks": {"set": "multidigits"}},
    {"confirm": {"seeds": 3}},
)
TRIALS = len(CHANGES)


def trial(lab: Lab) -> Trial:
    lab.copied()
    held = lab.held
    return lab.refused(lab.drive(**CHANGES[lab.number * TRIALS // lab.of]), held)
