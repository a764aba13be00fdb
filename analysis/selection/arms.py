"""Which arm is chosen: the cheapest that the best one does not clearly beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import Importance, mean_over_tasks
from analysis.selection.arm_costs import costs
from analysis.selection.skills import LOWEST_SKILL, fair_skills


@dataclass(frozen=True)
class Choice:
    """Outcome of the choice of an arm.

    Args:
        arm: the chosen arm, cheapest of the eligible arms.
        best: the arm of the highest mean validation skill.
        eligible: the arms that one standard error does not separate from the best, cheapest first.
        skill: mean validation skill of ``arm``.
        table: one row per arm: ``arm, seeds, lost, skill, difference`` (best − arm, paired by seed), ``standard_error,
            multiply_adds, parameters, eligible``, best first.
    """

    arm: str
    best: str
    eligible: list[str]
    skill: float
    table: pd.DataFrame


def choose_arm(
    replicas: pd.DataFrame, *, candidates: list[str] | None = None, importance: Importance | None = None
) -> Choice:
    """Choose by the one-standard-error rule: fewest multiply-adds among the arms that the best does not clearly beat.

    Clearly means by more than one standard error of the mean difference, paired by seed.  The skill of a replica is
    that of the epoch which the other half of the arm's seeds was best in (:func:`fair_skills`).  An arm with a
    diverged replica takes part only if every arm has one; failed replicas leave the pairs that remain.  Equal costs
    are decided by skill, then by name.

    Args:
        replicas: the confirm phase's training records.
        candidates: labels of the arms that may be chosen; default: all.
        importance: of the tasks in their mean, by name; default: all count alike.

    Raises:
        ValueError: no candidate has a finished replica.
    """
    if candidates is not None:
        replicas = replicas[replicas["arm"].isin(candidates)]
    skills = _arm_skills(replicas, importance) if len(replicas) else pd.DataFrame()
    if skills.empty:
        raise ValueError("No arm has a finished replica in the confirm phase.")
    table = _compare(skills, _reliable(replicas, skills))
    table = table.merge(costs(replicas), on="arm")
    table = table.sort_values(["difference", "arm"], kind="stable").reset_index(drop=True)
    cheapest = table[table["eligible"]].sort_values(["multiply_adds", "skill", "arm"], ascending=[True, False, True])
    chosen = cheapest.iloc[0]
    best = table.loc[table["best"], "arm"].iloc[0]
    return Choice(chosen["arm"], best, list(cheapest["arm"]), float(chosen["skill"]), table.drop(columns="best"))


def _arm_skills(replicas: pd.DataFrame, importance: Importance | None = None) -> pd.DataFrame:
    """Return seed × arm: mean over tasks of the fair validation skill; NaN where a replica is missing."""
    rows = replicas.assign(skill=np.maximum(fair_skills(replicas), LOWEST_SKILL))
    labelled = rows.groupby("task")["skill"].transform(lambda skill: skill.notna().any())
    rows = rows[labelled]
    tasks = rows.groupby(["seed", "task"])["skill"].count().gt(0).groupby("seed").sum()
    cells = rows.groupby(["seed", "arm"])["skill"].agg(["mean", "count"])
    complete = cells["count"] == cells.index.get_level_values("seed").map(tasks.to_dict())
    means = cells["mean"] if importance is None else _means_by(rows, importance)
    return means.where(complete).unstack("arm").dropna(axis=1, how="all").dropna(axis=0, how="all")


def _means_by(rows: pd.DataFrame, importance: Importance) -> pd.Series:
    """Mean skill of every seed and arm over its tasks, by their importance."""
    by_task = rows.pivot_table(index=["seed", "arm"], columns="task", values="skill", aggfunc="mean")
    return mean_over_tasks(by_task, importance)


def _reliable(replicas: pd.DataFrame, skills: pd.DataFrame) -> list[str]:
    diverged = set(replicas.loc[replicas["status"] == "diverged", "arm"])
    return [arm for arm in skills.columns if arm not in diverged] or list(skills.columns)


def _compare(skills: pd.DataFrame, reliable: list[str]) -> pd.DataFrame:
    most = skills[reliable].count().max()
    compared = skills[[arm for arm in reliable if skills[arm].count() * 2 >= most]]
    ranked = compared.sub(compared.mean(axis=1), axis=0).mean()  # a lost replica must not spare an arm a hard seed
    best = min(ranked.index, key=lambda arm: (-ranked[arm], arm))
    rows = []
    for arm in skills.columns:
        pairs = (skills[best] - skills[arm]).dropna()
        error = float(pairs.std(ddof=1) / np.sqrt(len(pairs))) if len(pairs) > 1 else 0.0
        close = arm in ranked.index and len(pairs) > 0 and float(pairs.mean()) <= error
        rows.append(
            {
                "arm": arm,
                "seeds": int(skills[arm].count()),
                "lost": int(len(skills) - skills[arm].count()),
                "skill": float(skills[arm].mean()),
                "difference": float(pairs.mean()) if len(pairs) else np.nan,
                "standard_error": error if len(pairs) > 1 else np.nan,
                "eligible": bool(close or arm == best),
                "best": arm == best,
            }
        )
    return pd.DataFrame(rows)
