"""The decision card: share or not, at what price, how sure, and what would change the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from analysis.formatting import amount
from analysis.questions import table_of
from analysis.recommendation import caveats
from analysis.recommendation.decision import (
    CANDIDATE,
    DO_NOT_SHARE,
    NO_DIFFERENCE,
    OPEN,
    SHARE,
    SHARE_SOME,
    Decision,
    decide,
    factors,
)
from analysis.recommendation.divergence import NoAnswer, no_answer
from analysis.recommendation.failure import unjudged
from analysis.recommendation.headline import headline, statement
from analysis.recommendation.next_step import next_step
from analysis.recommendation.option import Option
from analysis.recommendation.preference import BALANCED, RULES
from analysis.recommendation.sentences import explanation
from analysis.records.frames import each
from analysis.records.run_command import started_with
from analysis.records.schema import Records, UnreadableRun
from analysis.records.study_state import state_of
from analysis.statistics.looks import level_of

__all__ = [
    "CANDIDATE",
    "DO_NOT_SHARE",
    "NO_DIFFERENCE",
    "OPEN",
    "SHARE",
    "SHARE_SOME",
    "Recommendation",
    "opening",
    "recommend",
]


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
        decision: ``share``, ``do not share``, ``share some``, ``no difference found``, ``candidate`` or ``no verdict
            yet``.
        headline: what to do, in one sentence of plain text.
        explanation: the sentences after the headline, one paragraph.
        statement: what is known of the mean gain, and of harm to any task.
        options: everything that one could do, with gain, risk and cost.
        choice: the option that the preference takes; ``None`` while there is no verdict.
        prefer: ``accuracy``, ``balanced`` or ``cost``.
        arm: label of the arm to use if one shares, else of the chosen one; without a verdict, of the arm chosen so
            far; empty without one.
        alone: tasks that the candidate trains alone, checked (``share some``) or not; beside ``do not share``, too, one
            may be named.
        cost: of ``choice``, against single-task networks of the same width; may be empty.
        changes: what would change the verdict, one sentence each.
        winners_curse: skill of the chosen arm in search, confirm and verdict, with how much was tried.
        caveat: the strongest one; empty while there is no verdict.
        step: what to do next, in words.
        command: what to type for it; empty where no single command does it.
    """

    decision: str
    headline: str
    explanation: str
    statement: str = ""
    options: list[Option] = field(default_factory=list)
    choice: Option | None = None
    prefer: str = BALANCED
    arm: str = ""
    alone: list[str] = field(default_factory=list)
    cost: str = ""
    changes: list[str] = field(default_factory=list)
    winners_curse: str = ""
    caveat: str = ""
    step: str = ""
    command: str = ""

    @property
    def level(self) -> str:
        """The level of the options' intervals: 95%, or more where the study was judged before."""
        return level_of(next((option.tasks for option in self.options if len(option.tasks)), pd.DataFrame()))


def recommend(records: Records) -> Recommendation:
    """Return the recommendation that the records support.

    Raises:
        UnreadableRun: the study file prefers something that there is no rule for.
    """
    lost = no_answer(records) or unjudged(records)
    if lost is not None:
        return _without_answer(records, lost)
    rows = table_of("transfer", records)
    chosen = records.frozen("arm")
    if rows.empty or chosen is None:
        return _unfinished(records)
    prefer = _preference(records)
    decision = decide(records, rows, factors(records, chosen["arm"]), prefer)
    arm = _arm_to_use(decision, chosen["arm"])
    step, command = next_step(records, rows, decision)
    return Recommendation(
        decision=decision.word,
        headline=headline(decision),
        explanation=explanation(records, rows, decision),
        statement=statement(decision),
        options=decision.options,
        choice=decision.choice,
        prefer=prefer,
        arm=arm,
        alone=decision.alone or (decision.about.alone if decision.about and decision.word == SHARE_SOME else []),
        cost=_cost(table_of("cost", records), arm if decision.choice is None else decision.choice.arm),
        changes=caveats.changes(rows, decision.about.arm if decision.about else arm),
        winners_curse=caveats.winners_curse(records, chosen["arm"]),
        caveat=caveats.caveat(records, rows, arm, command),
        step=step,
        command=command,
    )


def _preference(records: Records) -> str:
    """The study's preference; ``balanced`` where it was begun before there were any."""
    prefer = str(records.spec.get("prefer", BALANCED))
    if prefer not in RULES:
        raise UnreadableRun(f"study.yaml: prefer is {prefer!r}. Write {', '.join(RULES)}, or leave it out.")
    return prefer


def opening(recommendation: Recommendation) -> list[str]:
    """Return the paragraphs after the headline: the mean and any harm first, if there is a verdict."""
    return [text for text in (recommendation.statement, recommendation.explanation) if text]


def _arm_to_use(decision: Decision, chosen: str) -> str:
    shares = decision.choice is not None and decision.choice.shares
    return decision.choice.arm if shares and decision.choice is not None else chosen


def _without_answer(records: Records, said: NoAnswer) -> Recommendation:
    return Recommendation(
        decision=OPEN,
        headline=said.headline,
        explanation=said.explanation,
        arm=records.chosen_arm or "",
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
        step="The same again trains what is missing.",
        command=started_with(records),
    )


def _cost(table: pd.DataFrame, arm: str) -> str:
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
