"""What was compared, and what each side was allowed to spend: a comparison is as fair as its weaker side's tuning."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.formatting import agree, number_of
from analysis.records.study_state import LoadedStudy
from analysis.report.output.tables import Table, frame_of
from analysis.selection.arm_costs import costs
from analysis.statistics.judged import choices, roles
from analysis.statistics.verdicts import CHOSEN, role_of

MEANING = {
    "each": "single-task networks of the same width, each tuned for its task",
    "loop": "nothing shared, inside the same training loop",
    "total": "single-task networks with as many parameters in all",
}


def sides(study: LoadedStudy) -> list[tuple[str, str]]:
    """Return (role, arm) of every side of the comparison, the chosen arm first, each arm once."""
    found = [(role_of(role), arm) for role, arm in roles(study.records.frozen("judged") or {"arms": []}).items()]
    if not found and study.state.chosen is not None:
        found = [(CHOSEN, study.state.chosen)]
    for arm in study.state.judged:
        given = study.state.baselines.get(arm, {})
        found += [(f"{name}: {meaning}", given[name]) for name, meaning in MEANING.items() if given.get(name)]
    trained = set(study.records.replicas["arm"])
    return list({arm: (role, arm) for role, arm in reversed(found) if arm in trained}.values())[::-1]


def budget_words(study: LoadedStudy) -> list[str]:
    """Return what each side of the comparison was allowed to spend, in sentences."""
    plan, seeds = study.state.planned, study.state.planned.get("seeds", {})
    if not plan:
        return ["The ledger holds no plan."]
    arms = plan.get("arms", [])
    searched = (
        f"Every arm, single-task networks included, had the same {number_of(plan.get('draws'), 'draw')} of the tuning "
        f"hyperparameters on {number_of(seeds.get('search'), 'search seed')}, up to "
        f"{number_of(plan.get('epochs'), 'epoch')}, and the same rules for stopping the worse half of the draws. "
        f"{number_of(len(arms), 'arm')} {agree(len(arms), 'was', 'were')} planned."
    )
    if plan.get("searched"):
        searched = (
            f"The search had {number_of(seeds.get('search'), 'seed')} and up to "
            f"{number_of(plan.get('epochs'), 'epoch')}: {plan['searched']}. It chose among "
            f"{number_of(len(arms), 'arm')}."
        )
    return [
        *_design(study),
        searched,
        "Single-task networks pick a draw and an epoch for each task, which favours them slightly; an arm that shares "
        "picks one for all its tasks.",
    ]


def _design(study: LoadedStudy) -> list[str]:
    """What judged the networks, and how many seeds were added."""
    folds, extended = study.records.num_folds, study.records.events("extended")
    said = []
    if folds > 1:
        own = [f"{arm} ({number} of {folds})" for arm, number in choices(study.records)]
        chose = f" The folds chose {'; '.join(own)}." if own else ""
        said.append(
            f"Every labelled row judged networks that had not seen it: {folds} outer folds, each with a search, a "
            f"choice and training of its own on the other folds.{chose}"
        )
    if extended:
        said.append(
            f"The verdict went on to {extended[-1]['seeds']} seeds, since the spread between seeds limited how sure it "
            "was; gains played no part in that."
        )
    return said


def budget_tables(study: LoadedStudy) -> list[Table]:
    """Return the table of what each side spent; no table before an arm is chosen."""
    found = sides(study)
    if not found:
        return []
    size = costs(study.records.replicas).set_index("arm")
    rows = [_spent(study.records.replicas, role, arm) | size.loc[arm].to_dict() for role, arm in found]
    frame = frame_of(
        rows,
        arm=lambda row: row["arm"],
        role=lambda row: row["role"],
        draws=lambda row: row["draws"] or None,
        search_epochs=lambda row: row["search"] or None,
        confirm_seeds=lambda row: row["confirm"] or None,
        verdict_seeds=lambda row: row["verdict"] or None,
        parameters=lambda row: int(row["parameters"]),
        multiply_adds=lambda row: int(row["multiply_adds"]),
        seconds=lambda row: round(row["seconds"]),
    )
    caption = (
        "Both sides. Draws: per task for single-task networks. Search epochs: mean per task, all draws "
        "and seeds together; –: not tuned of its own. Parameters and multiply-adds (per example): all tasks together. "
        "Seconds: all phases."
    )
    return [Table("budget", caption, frame)]


def _spent(replicas: pd.DataFrame, role: str, arm: str) -> dict[str, Any]:
    rows = replicas[replicas["arm"] == arm]
    search = rows[rows["phase"] == "search"]
    seeds = rows.groupby("phase")["seed"].nunique()
    return {
        "arm": arm,
        "role": role,
        "draws": int(search.groupby("task")["draw"].nunique().max()) if len(search) else 0,
        "search": round(float(search.groupby("task")["epochs"].sum().mean())) if len(search) else 0,
        "confirm": int(seeds.get("confirm", 0)),
        "verdict": int(seeds.get("verdict", 0)),
        "seconds": float(rows.drop_duplicates("replica")["seconds"].sum()),
    }
