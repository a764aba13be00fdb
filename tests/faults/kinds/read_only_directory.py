"""A file system that has become read-only when the study is to go on, and is mended."""

from __future__ import annotations

import signal

from tests.faults.acts import Send
from tests.faults.lab import REFUSED, Lab
from tests.faults.small_disk import change, small_disk
from tests.faults.trial import Trial

TRIALS = 3
WHY_APART = "as disk_full"


def trial(lab: Lab) -> Trial:
    with small_disk(lab.folder, 50_000) as disk:
        lab.out = disk / "run"
        lab.drive(Send(lab.out, lab.operation, 0.0, (signal.SIGKILL,)))
        change(disk, "ro")
        first = lab.drive()
        change(disk, "rw")
        return lab.resumed(first, came=first.code == REFUSED).saying(first.refusal)
