"""Section 4: the recommendation in sentences, and the recipe of the recommended arm."""

from __future__ import annotations

import json

import pandas as pd

from analysis.formatting import listing
from analysis.recommendation.preference import RULES
from analysis.recommendation.recommend import CANDIDATE, NO_DIFFERENCE, OPEN, SHARE, SHARE_SOME, Recommendation
from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.records.study_state import LoadedStudy
from analysis.report.output.tables import Table

ALL = "all tasks"


def advised(recommendation: Recommendation) -> list[str]:
    """Return the sentences of the section that says what to do, and at what price."""
    if recommendation.decision == OPEN:
        chosen = recommendation.arm
        so_far = f"Chosen so far, on validation skill in the confirm phase: {chosen}." if chosen else ""
        return [so_far or "Nothing is recommended yet."]
    rule = f"Rule of prefer: {recommendation.prefer}. {RULES[recommendation.prefer]}"
    known = (recommendation.statement, recommendation.cost, recommendation.winners_curse)
    return [_decision(recommendation), *filter(None, known), rule]


def _decision(recommendation: Recommendation) -> str:
    decision, arm, alone = recommendation.decision, recommendation.arm, recommendation.alone
    if decision in (SHARE, SHARE_SOME):
        apart = f", and train {listing(_apart(recommendation))} alone" if _apart(recommendation) else ""
        return f"Share as in the recipe: {arm}{apart}."
    if decision == NO_DIFFERENCE:
        taken = _taken(recommendation)
        return f"No difference was found that decides. By the rule of prefer: {recommendation.prefer}, {taken}."
    if decision == CANDIDATE:
        names = listing(alone, limit=len(alone))
        return f"Candidate: train {names} alone and share the rest as in the recipe ({arm}), unchecked."
    if alone:
        return f"Share nothing until the candidate is checked. What was judged: {arm}."
    return f"Do not share on this task set. What was judged: {arm}."


def _apart(recommendation: Recommendation) -> list[str]:
    return recommendation.choice.alone if recommendation.choice is not None else []


def _taken(recommendation: Recommendation) -> str:
    if recommendation.choice is None or not recommendation.choice.arm:
        return "train every task alone"
    return f"train {recommendation.choice.arm}"


def recipe(study: LoadedStudy, arm: str) -> Table | None:
    """Return what to train: the arm labelled ``arm`` with its tuned hyperparameters; ``None`` before one is chosen.

    The tasks that the arm leaves to train alone have a column each, of their single-task networks.
    """
    records = study.records
    columns = _columns(records, arm)
    if not columns:
        return None
    judged = records.frozen("judged") or {}
    single = judged.get("baselines", {}).get(arm, {}).get("each", "")
    alone = judged.get("alone", {}).get(arm, [])
    if alone and ALL in columns:
        columns = {"the other tasks": columns[ALL]}
    for task in alone:
        columns |= {f"{task}, alone": values for values in _columns(records, single, task).values()}
    frame = pd.DataFrame([{"for": name} | values for name, values in columns.items()], dtype=object)
    return Table("recipe", "The recommended arm with its tuned hyperparameters.", _upright(frame))


def _columns(records: Records, arm: str, task: str = "") -> dict[str, dict[str, object]]:
    """Levels and hyperparameters of an arm by task (or of ``task``), in one column where all tasks have the same."""
    draws = (records.frozen("draws") or {}).get(arm) or {}
    rows = records.replicas[records.replicas["arm"] == arm]
    if not draws or rows.empty:
        return {}
    levels = {name: _whole(rows[name].iloc[0]) for name in FACTOR_COLUMNS if pd.notna(rows[name].iloc[0])}
    tuned = {name: _hyperparameters(rows, draw) for name, draw in draws.items() if task in ("", name)}
    if len({json.dumps(values, sort_keys=True) for values in tuned.values()}) == 1:
        tuned = {ALL: next(iter(tuned.values()))}
    return {name: levels | values for name, values in tuned.items()}


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
