"""Studies in which all networks fail that a verdict needs: they must say that they could not judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import analysis
from analysis.records.unshared import UNSHARED
from study.planning.phase_seeds import FIRST_SEED
from tests.faults.engines import Failing
from tests.faults.lab import Lab
from tests.faults.session import Ended
from tests.faults.trial import Trial

SHARING, BASELINES, ALL = "those that share", "those that share nothing", "all"


@dataclass(frozen=True)
class OfPhase:
    """Whether a shard is of a phase, and of the arms that are to fail.

    Args:
        phase: confirm or verdict.
        which: which of its arms fail.
    """

    phase: str
    which: str

    def __call__(self, recipe: Any, rows: Any) -> bool:
        last = FIRST_SEED["verdict"] if self.phase == "confirm" else 10**9
        if not FIRST_SEED[self.phase] <= rows[0].seed < last:
            return False
        return self.which == ALL or (recipe.sharing in UNSHARED) == (self.which == BASELINES)


def error() -> RuntimeError:
    return RuntimeError("no such kernel")


def without_judgement(lab: Lab, phase: str, which: str) -> Trial:
    """Let replicas fail, see that no verdict is given, then go on without the fault."""
    first = lab.drive(Failing(lab.out, OfPhase(phase, which), error), report=True)
    said = analysis.verdict_text(lab.out)
    found = lab.resumed(first, came=bool(lab.came()))
    if wrong := _wrong(first, said.headline, " ".join(said.sentences)):
        return Trial(found.outcome, 1, found.silence, different=wrong)
    return found.saying(f"{first.refusal} [report: {said.headline}]")


def _wrong(first: Ended, headline: str, sentences: str) -> str:
    """What is wrong with what the study and its report say; empty: nothing."""
    if first.code == 1:
        return first.said[-300:]
    judged = [word for word in ("hare ", "No difference") if word in headline]
    silent = "No verdict" not in headline or "no such kernel" not in first.refusal
    return f"the report says: {headline} {sentences}" if judged or silent else ""
