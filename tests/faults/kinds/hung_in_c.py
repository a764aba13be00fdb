"""An epoch that hangs in code that never gives the interpreter back; the watchdog ends the process."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.training import trainer
from tests.faults.acts import note
from tests.faults.lab import Lab
from tests.faults.trial import Trial
from tests.study import fake_engine

TRIALS = 1
WHY_APART = "the watchdog waits for most of a minute"
WATCHDOG = 1
"""Exit status of a process that the watchdog ends."""


@dataclass(frozen=True)
class Hang:
    """The first shard with two epochs to go sleeps in C for an hour and keeps the interpreter's lock."""

    out: Path

    def __call__(self) -> None:
        def fit(recipe: Any, development: Any, rows: Any, **options: Any) -> Any:
            if options.get("until") == recipe.epochs:
                note(self.out, "training")
                ctypes.PyDLL(None).sleep(3_600)
            return fake_engine.fit(recipe, development, rows, **options)

        trainer.fit = fit


def trial(lab: Lab) -> Trial:
    first = lab.drive(Hang(lab.out))
    assert first.code == WATCHDOG, first.said
    assert "Timeout" in first.said, "the watchdog says where it hung"
    return lab.resumed(first, ended_as_it_should=True)
