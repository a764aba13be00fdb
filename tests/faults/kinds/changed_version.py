"""An engine of another version, which trains to other numbers."""

from __future__ import annotations

from study.driver import manifest
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = 2


def trial(lab: Lab) -> Trial:
    lab.copied()
    held = lab.held
    return lab.refused(lab.drive(newer), held)


def newer() -> None:
    """Be the next version."""
    manifest.ENGINE_VERSION += ".1"
