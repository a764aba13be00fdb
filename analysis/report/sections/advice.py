"""What is said in words: the verdict for the first screen, and the recommendation with its recipe."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.formatting import listing
from analysis.recommendation.recommend import CANDIDATE, OPEN, SHARE, Recommendation, recommend
from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.records.study_state import State
from analysis.report.output.tables import Table
from analysis.report.sections.commands import Step, run_path, started_with

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


@dataclass(frozen=True)
class Advice:
    """What the page says in words.

    Args:
        headline: the verdict in one sentence.
        sentences: the rest of it.
        recommendation: section 4.
        cost: against single-task networks.
        caveat: the strongest one; empty while there is no verdict.
        changes: what would change the verdict.
        next: the next command, and why.
    """

    headline: str
    sentences: list[str]
    recommendation: list[str]
    cost: str
    caveat: str
    changes: list[str]
    next: Step


def advice(records: Records, state: State) -> Advice:
    """The words that the records earn, and no more."""
    card = recommend(replace(records, path=Path(run_path(records))))
    if card.decision == OPEN:
        headline, sentence = UNFINISHED[state.phase or "verdict"]
        so_far = f"Chosen so far, on validation skill in the confirm phase: {state.chosen}." if state.chosen else ""
        again = Step("The same command trains what is missing.", started_with(records))
        return Advice(headline, [sentence], [so_far or "Nothing is recommended yet."], "", "", [], again)
    return Advice(
        headline=card.headline,
        sentences=[card.sentence.removeprefix(card.headline).strip()],
        recommendation=[part for part in (_decision(card), card.cost, card.winners_curse) if part],
        cost=card.cost,
        caveat=card.caveat,
        changes=card.changes,
        next=Step(card.step, card.command),
    )


def _decision(card: Recommendation) -> str:
    if card.decision == SHARE:
        return f"Share as in the recipe: {card.arm}. No task is hurt by it."
    if card.decision == CANDIDATE:
        return f"Candidate: train {_and(card.alone)} alone and share the rest as in the recipe ({card.arm}), unchecked."
    if card.alone:
        return f"Share nothing until the candidate is checked. What was judged: {card.arm}."
    return f"Do not share on this task set. What was judged: {card.arm}."


def _and(names: list[str]) -> str:
    return listing(names, limit=len(names))


def recipe(records: Records, state: State) -> Table | None:
    """The chosen arm with its tuned hyperparameters: what to train."""
    draws = (records.frozen("draws") or {}).get(state.chosen)
    rows = records.replicas[records.replicas["arm"] == state.chosen]
    if not draws or rows.empty:
        return None
    levels = {name: _whole(rows[name].iloc[0]) for name in FACTOR_COLUMNS if pd.notna(rows[name].iloc[0])}
    tuned = {task: _hyperparameters(rows, draw) for task, draw in draws.items()}
    if len({json.dumps(values, sort_keys=True) for values in tuned.values()}) == 1:
        tuned = {"all tasks": next(iter(tuned.values()))}
    frame = pd.DataFrame([{"for": task} | levels | values for task, values in tuned.items()])
    return Table("recipe", "The recommended arm with its tuned hyperparameters.", _upright(frame))


def _hyperparameters(rows: pd.DataFrame, draw: int) -> dict[str, object]:
    texts = rows.loc[rows["draw"] == draw, "hyperparameters"]
    values = json.loads(texts.iloc[0]) if len(texts) else {}
    return {
        str(name): value if isinstance(value, (int, float)) else json.dumps(value) for name, value in values.items()
    }


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _upright(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per setting: a recipe is read from top to bottom."""
    upright = frame.set_index("for").T
    upright.columns = [str(name) for name in upright.columns]
    return upright.rename_axis("setting").reset_index()
