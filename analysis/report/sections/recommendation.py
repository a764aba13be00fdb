"""Section 4: the recommendation in sentences, and the recipe of what is recommended."""

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
TRAINING = ("batch_size", "epochs", "schedule", "clip_norm", "tasks_per_step", "precision")
"""What a recipe says of training beside the levels and hyperparameters of an arm."""


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


def recipe(study: LoadedStudy, recommendation: Recommendation) -> Table | None:
    """Return what to train, with its tuned hyperparameters; ``None`` before an arm is chosen.

    That is the option which is taken: an arm, or single-task networks.  While there is none it is the arm chosen so
    far, and beside a candidate that nobody checked the arm that the candidate was found in.
    """
    choice, judged = recommendation.choice, study.records.frozen("judged") or {}
    if choice is None or choice.shares or recommendation.decision == CANDIDATE:
        columns = _of_arm(study.records, recommendation.arm)
    elif choice.arm:
        columns = _columns(study.records, choice.arm)
    else:
        best = next((known["best"] for known in judged.get("baselines", {}).values() if "best" in known), {})
        columns = {task: _columns(study.records, arm, task)[ALL] for task, arm in best.items()}
    if not columns:
        return None
    frame = pd.DataFrame([{"for": name} | values for name, values in columns.items()], dtype=object)
    return Table("recipe", f"{_recipe_of(recommendation)} with tuned hyperparameters.", _upright(frame))


def _recipe_of(recommendation: Recommendation) -> str:
    if recommendation.choice is None:
        return "The arm chosen so far"
    if recommendation.decision == CANDIDATE:
        return f"The arm that was judged; the candidate trains {listing(recommendation.alone)} alone, unchecked,"
    return "The recommended arm" if recommendation.choice.shares else "The recommended single-task networks"


def _of_arm(records: Records, arm: str) -> dict[str, dict[str, object]]:
    """Columns of an arm; the tasks that it leaves to train alone have a column each, of their single-task networks."""
    columns, judged = _columns(records, arm), records.frozen("judged") or {}
    if not columns:
        return {}
    single = judged.get("baselines", {}).get(arm, {}).get("each", "")
    alone = judged.get("alone", {}).get(arm, [])
    if alone and ALL in columns:
        columns = {"the other tasks": columns[ALL]}
    for task in alone:
        columns |= {f"{task}, alone": values for values in _columns(records, single, task).values()}
    return columns


def _columns(records: Records, arm: str, task: str = "") -> dict[str, dict[str, object]]:
    """Levels and hyperparameters of an arm by task (or of ``task``), in one column where all tasks have the same."""
    draws = (records.frozen("draws") or {}).get(arm) or {}
    rows = records.replicas[records.replicas["arm"] == arm]
    if not draws or rows.empty:
        return {}
    levels = {name: _whole(rows[name].iloc[0]) for name in FACTOR_COLUMNS if pd.notna(rows[name].iloc[0])}
    levels |= _training(records, levels)
    tuned = {name: _hyperparameters(rows, draw) for name, draw in draws.items() if task in ("", name)}
    if len({json.dumps(values, sort_keys=True) for values in tuned.values()}) == 1:
        tuned = {ALL: next(iter(tuned.values()))}
    return {name: levels | values for name, values in tuned.items()}


def _training(records: Records, levels: dict[str, object]) -> dict[str, object]:
    """How every arm was trained, as the study file says it, without what was left at nothing."""
    training = records.spec.get("training") or {}
    nothing = (None, "float32")  # the precision of studies that round no factors
    common = {name: training[name] for name in TRAINING if training.get(name) not in nothing}
    given = {kind: (training.get(f"{kind}_options") or {}).get(levels.get(kind)) for kind in ("sharing", "weighting")}
    given["backbone"] = training.get("backbone_options")
    options = {f"{kind}.{name}": value for kind, values in given.items() for name, value in (values or {}).items()}
    return common | {name: _cell(value) for name, value in options.items()}


def _hyperparameters(rows: pd.DataFrame, draw: int) -> dict[str, object]:
    texts = rows.loc[rows["draw"] == draw, "hyperparameters"]
    values = json.loads(texts.iloc[0]) if len(texts) else {}
    return {str(name): _cell(value) for name, value in values.items()}


def _cell(value: object) -> object:
    return value if isinstance(value, (int, float)) else json.dumps(value)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _upright(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per setting: a recipe is read from top to bottom."""
    upright = frame.set_index("for").T
    upright.columns = [str(name) for name in upright.columns]
    return upright.rename_axis("setting").reset_index()
