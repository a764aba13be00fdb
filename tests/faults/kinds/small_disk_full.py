"""A small file system that is full in the middle of the study, and is given more room."""

from __future__ import annotations

from tests.faults.lab import REFUSED, Lab
from tests.faults.small_disk import change, small_disk
from tests.faults.trial import Trial

TRIALS = 5
WHY_APART = "as disk_full"
SMALLEST, STEP = 90, 30
"""Sizes in kilobytes: a short study needs more than 210 while it runs."""


def trial(lab: Lab) -> Trial:
    with small_disk(lab.folder, SMALLEST + STEP * (lab.number * TRIALS // lab.of)) as disk:
        lab.out = disk / "run"
        first = lab.drive()
        change(disk, "size=50m")
        return lab.resumed(first, came=first.code == REFUSED).saying(first.refusal)
