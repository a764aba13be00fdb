"""The decision card: share or not, at what price, how sure, and what would change the answer."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analysis.formatting import amount, named
from analysis.questions import cost, transfer
from analysis.recommendation import caveats
from analysis.recommendation.decision import (
    CANDIDATE,
    DO_NOT_SHARE,
    OPEN,
    SHARE,
    Decision,
    check,
    decide,
    factors,
    quoted,
)
from analysis.recommendation.divergence import NoAnswer, no_answer
from analysis.recommendation.sentences import explanation, headline
from analysis.records.frames import each
from analysis.records.run_command import run_path, started_with
from analysis.records.schema import Records
from analysis.records.study_state import state_of
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.verdicts import MAX_SEEDS, RECOMMENDED, UNDECIDED, verdicts, with_word

__all__ = ["CANDIDATE", "DO_NOT_SHARE", "OPEN", "SHARE", "Recommendation", "recommend"]


UNFINISHED = {
    "search": (
        "No verdict yet: the search is not finished.",
        "No hyperparameters are chosen, so no arm can be compared fairly.",
    ),
    "confirm": (
        "No verdict yet: the arms are not confirmed.",
        "The search has chosen hyperparameters; fresh seeds have to show what they are worth.",
    ),
    "verdict": (
        "No verdict yet: the chosen arm is not judged.",
        "It was chosen on seeds that favour it. Only further fresh seeds can say whom it helps and whom it hurts.",
    ),
}
"""Headline and explanation by the phase that is still to be finished."""


@dataclass(frozen=True)
class Recommendation:
    """What to do, and why; terminal, study page and suite page show this one object.

    Args:
        decision: ``share``, ``do not share``, ``candidate`` or ``no verdict yet``.
        headline: what to do, in one sentence of plain text.
        explanation: the sentences after the headline, one paragraph.
        arm: label of the recommended arm; without a verdict, of the arm chosen so far; empty without one.
        alone: tasks that the candidate would train alone; beside ``do not share``, too, a candidate may be named.
        cost: against single-task networks of the same width; may be empty.
        changes: what would change the verdict, one sentence each.
        winners_curse: skill of the chosen arm in search, confirm and verdict, with how much was tried.
        caveat: the strongest one; empty while there is no verdict.
        step: what to do next, in words.
        command: what to type for it; empty where no single command does it.
    """

    decision: str
    headline: str
    explanation: str
    arm: str = ""
    alone: list[str] = field(default_factory=list)
    cost: str = ""
    changes: list[str] = field(default_factory=list)
    winners_curse: str = ""
    caveat: str = ""
    step: str = ""
    command: str = ""


def recommend(records: Records) -> Recommendation:
    """Return the recommendation that the records support."""
    diverged = no_answer(records)
    if diverged is not None:
        return _without_answer(records, diverged)
    scores = transfer.score(records)
    chosen = records.frozen("arm")
    if scores.empty or chosen is None:
        return _unfinished(records)
    rows, arm = transfer.table(scores), chosen["arm"]
    decision = decide(records, rows, factors(records, arm))
    step, command = _next(records, rows, decision)
    return Recommendation(
        decision=decision.word,
        headline=headline(decision),
        explanation=explanation(records, rows, decision),
        arm=arm,
        alone=decision.alone,
        cost=_cost(records, arm),
        changes=caveats.changes(rows),
        winners_curse=caveats.winners_curse(records, arm),
        caveat=caveats.caveat(records, rows, arm),
        step=step,
        command=command,
    )


def _without_answer(records: Records, said: NoAnswer) -> Recommendation:
    return Recommendation(
        decision=OPEN,
        headline=said.headline,
        explanation=said.explanation,
        arm=records.recommended_arm or "",
        step=said.step,
        command=said.command,
    )


def _unfinished(records: Records) -> Recommendation:
    state = state_of(records)
    opening, reason = UNFINISHED[state.phase or "verdict"]
    return Recommendation(
        decision=OPEN,
        headline=opening,
        explanation=reason,
        arm=state.chosen or "",
        step="The same command trains what is missing.",
        command=started_with(records),
    )


def _cost(records: Records, arm: str) -> str:
    table = cost.table(cost.score(records))
    row = next(each(table[table["arm"] == arm]), None)
    if row is None or not math.isfinite(row.multiply_adds_ratio):
        return ""
    if row.sharing == "single_task":
        return f"{amount(row.multiply_adds)} multiply-adds per example, {amount(row.parameters)} parameters in all."
    return (
        f"{row.multiply_adds_ratio:.0%} of the multiply-adds and {row.parameters_ratio:.0%} of the parameters of "
        f"single-task networks of width {row.width} ({amount(row.multiply_adds)} multiply-adds per example, "
        f"{amount(row.parameters)} parameters)."
    )


def _next(records: Records, rows: pd.DataFrame, decision: Decision) -> tuple[str, str]:
    if decision.alone:
        return check(records, decision.alone)
    undecided = with_word(verdicts(rows, RECOMMENDED), UNDECIDED)
    by_seeds = undecided[(undecided["more_seeds"] <= MAX_SEEDS) & (undecided["n"] > 0)]
    if len(by_seeds):
        seeds = int((by_seeds["n"] + by_seeds["more_seeds"]).max())
        would = "would about decide" if by_seeds["n"].min() >= MIN_SEEDS else "are the least that gives intervals for"
        command = (
            f"mtl-study run {quoted(records, 'study.yaml')} --set verdict.seeds={seeds} "
            f"--out {shlex.quote(f'{Path(run_path(records))}-{seeds}-seeds')}"
        )
        return f"{seeds} verdict seeds {would} {named(list(by_seeds['task']))}.", command
    if len(undecided):
        return f"Only more test data would decide {named(list(undecided['task']))}.", ""
    return (
        "Nothing is left to decide about the recommended arm; the page can be written again at any time.",
        f"mtl-study report {quoted(records)}",
    )
