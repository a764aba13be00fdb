"""Tuning noise: what the gain would have lost or won, had a side of the comparison missed its best draw."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from analysis.formatting import points
from analysis.recommendation.option import Option
from analysis.records.study_state import LoadedStudy
from analysis.records.unshared import SINGLE_TASK
from analysis.selection.draws import rank_draws
from analysis.statistics.strata import fold_of
from analysis.statistics.verdicts import CHOSEN


def tuning_noise(study: LoadedStudy, options: list[Option]) -> list[str]:
    """Return one sentence on the chosen arm's tuning noise; none before an arm is judged against its baseline.

    Of either side the best and the second-best draw of the search are compared, in validation skill.  Intervals come
    from seeds and test examples of the draws that were selected, and leave out which draws were tried.

    Args:
        study: whose search is looked at.
        options: of the recommendation, for the measured gain.
    """
    chosen = study.state.chosen
    single = study.state.baselines.get(chosen or "", {}).get("each")
    if chosen is None or single is None or "verdict" not in study.state.done:
        return []
    lost, won = (behind_best(study.records.replicas, arm, study.records.num_folds) for arm in (chosen, single))
    if not (math.isfinite(lost) and math.isfinite(won)):
        return [
            "Tuning noise is not known: of the chosen arm, or of its single-task networks, no second draw trained to "
            "its end. Intervals leave it out; more draws would show it."
        ]
    gain = next((option.gain for option in options if option.kind == CHOSEN), math.nan)
    more = f", which is more than the measured mean gain of {points(gain)}" if max(lost, won) > abs(gain) else ""
    return [
        f"Tuning noise: with its second-best draw the chosen arm would have {points(lost, sign=False)} points less of "
        f"mean validation skill, and single-task networks with theirs {points(won, sign=False)}{more}. Intervals leave "
        "this out: they hold for the draws that were tried."
    ]


def behind_best(replicas: pd.DataFrame, arm: str, folds: int = 1) -> float:
    """Return by how much the second-best draw of ``arm`` is behind its best, in points of mean validation skill.

    Every single-task network has draws of its own, and the mean is over tasks.  Every outer fold has a search of its
    own, whose draws are compared with each other, and the mean is over folds.  NaN where no fold has a second draw that
    trained to its end with as many seeds as the best one.

    Args:
        replicas: training records.
        arm: label.
        folds: number of outer folds.
    """
    rows = replicas[(replicas["arm"] == arm) & (replicas["phase"] == "search") & (replicas["status"] == "finished")]
    found = [_behind_best(search) for _, search in rows.groupby(fold_of(rows["seed"], folds))]
    known = [value for value in found if math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def _behind_best(rows: pd.DataFrame) -> float:
    """The same for one search."""
    ranked = rank_draws(rows)
    ranked = ranked[ranked["lost"] == ranked.groupby("task")["lost"].transform("min")]
    skills = ranked.pivot(index="task", columns="rank", values="skill")
    whole = rows["task"].nunique() if rows["sharing"].iloc[0] == SINGLE_TASK else 1
    if 1 not in skills or skills[1].notna().sum() < whole:
        return math.nan
    return float(100 * (skills[0] - skills[1]).mean())
