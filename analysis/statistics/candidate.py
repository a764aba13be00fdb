"""Which tasks to train alone while the rest shares, proposed from validation skill before the test split is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import Importance, mean_over_tasks
from analysis.selection import LOWEST_SKILL, fair_skills

ERRORS = 2.0
"""Standard errors by which a task has to be worse on validation before it is proposed to train it alone."""


@dataclass(frozen=True)
class Proposal:
    """A proposal to share the rest: ``arm``, whose network the other tasks would share, and the tasks ``alone``."""

    arm: str
    alone: tuple[str, ...]


def proposal(
    confirmed: pd.DataFrame, singles: Mapping[str, str], band: float, importance: Importance | None = None
) -> Proposal | None:
    """Return the arm that is best where the tasks that it harms are trained alone, and these tasks.

    A task counts as harmed whose validation skill is lower than that of its single-task network, by more than the band
    and by more than two standard errors of the paired difference (the spread between seeds is taken to be the same for
    all tasks of an arm).  At least two tasks have to be left, and the mean skill of the proposal has to be higher than
    that of every arm that shares among all tasks: ``None`` otherwise.

    Args:
        confirmed: training records of the confirm phase.
        singles: the label of the single-task arm of each arm that shares.
        band: half-width of the band of no practical difference, in points.
        importance: of the tasks in the mean skill, by name; default: all count alike.
    """
    skills = confirmed.assign(skill=100 * np.maximum(fair_skills(confirmed), LOWEST_SKILL))
    tasks = list(dict.fromkeys(skills["task"]))
    by_arm = {str(arm): _wide(rows, tasks) for arm, rows in skills.groupby("arm", sort=False)}
    whole, found = [], []
    for arm, single in singles.items():
        if arm not in by_arm or single not in by_arm:
            continue
        difference = (by_arm[arm] - by_arm[single]).dropna(how="all")
        if len(difference) < 2:
            continue
        shared, alone = by_arm[arm].mean(), by_arm[single].mean()
        harmed = _harmed(difference, band)
        whole.append(_mean(shared, importance))
        if harmed.any() and (~harmed).sum() >= 2:
            mixed = _mean(shared.where(~harmed, alone), importance)
            found.append((mixed, Proposal(arm, tuple(shared.index[harmed]))))
    if not found:
        return None
    value, best = max(found, key=lambda pair: pair[0])
    return best if value > max(whole) else None


def _mean(skills: pd.Series, importance: Importance | None) -> float:
    return float(mean_over_tasks(skills.to_frame().T, importance).iloc[0])


def _wide(rows: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """Validation skill by seed and task, in points."""
    return rows.pivot_table(index="seed", columns="task", values="skill", aggfunc="last").reindex(columns=tasks)


def _harmed(difference: pd.DataFrame, band: float) -> pd.Series:
    error = float(np.sqrt(difference.var(ddof=1).mean() / len(difference)))
    gains = difference.mean()
    return (gains < -band) & (gains < -ERRORS * error)
