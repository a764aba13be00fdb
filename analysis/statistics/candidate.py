"""Which tasks to train alone while the rest shares, proposed from validation skill before the test split is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import Importance, mean_over_tasks
from analysis.selection.skills import LOWEST_SKILL, fair_skills
from analysis.statistics.expected_gains import expected_gains

LIKELIER = 0.4307
"""Standard deviations beyond which the probabilities of both sides of a bound are as two to one."""

TASKS_DIFFER = 3.0
"""Standard deviation, in bands, by which the gains of tasks are taken to differ at least."""


@dataclass(frozen=True)
class Proposal:
    """A proposal to share the rest: ``arm``, whose network the other tasks would share, and the tasks ``alone``."""

    arm: str
    alone: tuple[str, ...]


def proposal(
    confirmed: pd.DataFrame,
    singles: Mapping[str, str],
    band: float,
    importance: Importance | None = None,
    number: int | None = None,
) -> Proposal | None:
    """Return the arm that is best where the tasks that it harms are trained alone, and these tasks.

    A task counts as harmed where a loss beyond the band against its single-task network is twice as likely as not
    (see :func:`analysis.statistics.expected_gains.expected_gains`).  No significance is asked for: the proposal is
    judged on fresh seeds, and a harmed task that is missed costs more than an unharmed one that is trained alone.  The
    two tasks that fare best are left to share in any case.  The expected mean skill of the proposal has to be higher
    than that of every arm that shares among all tasks, and not lower than that of single-task networks by more than
    the band: ``None`` otherwise.

    Args:
        confirmed: training records of the confirm phase.
        singles: the label of the single-task arm of each arm that shares.
        band: half-width of the band of no practical difference, in points.
        importance: of the tasks in the mean skill, by name; default: all count alike.
        number: of tasks to leave out, where that is settled: those that are expected to fare worst, however they fare.
    """
    by_arm = _skills(confirmed)
    judged = {arm: single for arm, single in singles.items() if arm in by_arm and single in by_arm}
    seeds = sorted({seed for arm in judged for seed in by_arm[arm].index})
    differences = [(by_arm[arm] - by_arm[single]).reindex(seeds) for arm, single in judged.items()]
    if not differences:
        return None
    cube = np.array([difference.to_numpy() for difference in differences])
    expected, deviation = expected_gains(cube, TASKS_DIFFER * band)
    whole, found = [], []
    for gains, (arm, single) in zip(expected, judged.items(), strict=True):
        if np.isnan(gains).any():
            continue  # a task without a network under this arm, or a single seed
        alone = by_arm[single].mean()
        harmed = (gains + LIKELIER * deviation < -band) & (gains < np.sort(gains)[-2])
        harmed = harmed if number is None else gains <= np.sort(gains)[number - 1]
        mixed = _mean(alone + np.where(harmed, 0, gains), importance)
        whole.append(_mean(alone + gains, importance))
        if number is not None or (harmed.any() and mixed > _mean(alone, importance) - band):
            found.append((mixed, Proposal(arm, tuple(alone.index[harmed]))))
    if not found:
        return None
    value, best = max(found, key=lambda pair: pair[0])
    return best if number is not None or value > max(whole) else None


def _skills(confirmed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Validation skill by seed and task of every arm, in points."""
    skills = confirmed.assign(skill=100 * np.maximum(fair_skills(confirmed), LOWEST_SKILL))
    tasks = list(dict.fromkeys(skills["task"]))
    return {
        str(arm): rows.pivot_table(index="seed", columns="task", values="skill", aggfunc="last").reindex(columns=tasks)
        for arm, rows in skills.groupby("arm", sort=False)
    }


def _mean(skills: pd.Series, importance: Importance | None) -> float:
    return float(mean_over_tasks(skills.to_frame().T, importance).iloc[0])
