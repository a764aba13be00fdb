"""Tuning noise: what the gain would have lost or won, had a side of the comparison missed its best draw."""

from __future__ import annotations

import math

import pandas as pd

from analysis.formatting import points
from analysis.recommendation.option import CHOSEN, Option
from analysis.records.study_state import LoadedStudy
from analysis.selection import SINGLE_TASK, rank_draws


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
    lost, won = (behind_best(study.records.replicas, arm) for arm in (chosen, single))
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


def behind_best(replicas: pd.DataFrame, arm: str) -> float:
    """Return by how much the second-best draw of ``arm`` is behind its best, in points of mean validation skill.

    Every single-task network has draws of its own, and the mean is over tasks.  NaN where a second draw did not train
    to its end.

    Args:
        replicas: training records.
        arm: label.
    """
    rows = replicas[(replicas["arm"] == arm) & (replicas["phase"] == "search") & (replicas["status"] == "finished")]
    if rows.empty:
        return math.nan
    ranked = rank_draws(rows).pivot(index="task", columns="rank", values="skill")
    whole = rows["task"].nunique() if rows["sharing"].iloc[0] == SINGLE_TASK else 1
    if 1 not in ranked or ranked[1].notna().sum() < whole:
        return math.nan
    return float(100 * (ranked[0] - ranked[1]).mean())
