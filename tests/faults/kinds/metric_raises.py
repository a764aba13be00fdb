"""An error of what scores, such as the user's metric: nothing is lost, and scoring is all that is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_core.training import evaluation
from tests.faults.acts import note
from tests.faults.kinds.model_raises import ERRORS
from tests.faults.lab import Lab
from tests.faults.trial import Trial

TRIALS = len(ERRORS)


@dataclass(frozen=True)
class Unscored:
    """Scoring raises one of the errors."""

    out: Path
    number: int

    def __call__(self) -> None:
        def score(*arguments: Any) -> Any:
            note(self.out, "scoring")
            raise ERRORS[self.number]()

        evaluation.score_examples_on = score


def trial(lab: Lab) -> Trial:
    first = lab.drive(Unscored(lab.out, lab.number * TRIALS // lab.of))
    found = lab.resumed(first, came=bool(lab.came()) and first.code == 2)
    return found.saying(first.refusal)
