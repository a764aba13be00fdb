"""A ledger that ends after every single byte of its last line."""

from __future__ import annotations

import shutil

from study.store import ledger
from tests.faults.lab import Lab
from tests.faults.trial import RESUMABLE, Trial

TRIALS = 1
GO_ON = 3
"""The study goes on from so many of the torn ends."""


def trial(lab: Lab) -> Trial:
    """Open the ledger once for every byte of its last line; go on with the study for a few of them."""
    lab.copied()
    path = lab.out / ledger.NAME
    whole = path.read_bytes()
    start = whole[:-1].rfind(b"\n") + 1
    before = ledger.read(path)[:-1]
    wrong, silence = "", 0.0
    ends = range(start, len(whole))
    for end in ends:
        path.write_bytes(whole[:end])
        with ledger.Ledger(lab.out) as book:
            kept = [*book.events]
            book.append("after", end=end)
        if kept[: len(before)] != before or len(kept) > len(before) + 1 or ledger.read(path)[-1]["end"] != end:
            wrong = wrong or f"torn at byte {end - start}, the events are others"
    for end in lab.chance.sample(ends, min(GO_ON, len(ends))):
        shutil.rmtree(lab.out)
        lab.copied()
        path.write_bytes(whole[:end])
        ended = lab.drive()
        silence, wrong = max(silence, ended.silence), wrong or lab.difference(ended)
        wrong = wrong or ("trained again" if ended.trained else "")
    return Trial(RESUMABLE, len(ends), silence, tried=len(ends), different=wrong)
