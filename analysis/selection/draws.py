"""Which of an arm's draws is best."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import groupby

import pandas as pd

from analysis.records.frames import each
from analysis.selection.skills import NEEDED, replica_scores


def rank_draws(
    replicas: pd.DataFrame, *, phase: str = "search", epochs: int | None = None, stopped: bool = True
) -> pd.DataFrame:
    """Rank the draws of each arm (of each task of a ``single_task`` arm), best first.

    A draw with fewer diverged, failed or missing replicas ranks before one with more; then the mean over seeds
    decides, then the lower number of the draw.

    Args:
        replicas: training records; rows of other phases are left out.
        phase: the phase whose draws are ranked.
        epochs: compare after so many epochs, as halving does at a rung; default: whatever was trained.
        stopped: whether replicas count that the search stopped early; a draw is selected among the others.

    Returns:
        ``arm, task, draw, seeds, lost, skill, rank``; ``lost`` counts replicas without a score, ``skill`` is the mean
        of the others (NaN: none), ``rank`` starts at 0.
    """
    counted = (replicas["phase"] == phase) & (stopped | ~replicas["status"].isin(("running", "stopped")))
    scores = replica_scores(replicas.loc[counted, list(NEEDED)], epochs=epochs)
    by_draw, seeds = defaultdict[_Subject, dict[int, list[float]]](dict), defaultdict[_Subject, set[int]](set)
    # plain loops: a running study ranks a few rows each time, for which grouping frames takes three times as long
    for arm, task, draw, seed, score in zip(*(scores[name].tolist() for name in _RANKED), strict=True):
        usable = by_draw[arm, task].setdefault(draw, [])
        seeds[arm, task].add(seed)
        if math.isfinite(score):
            usable.append(score)
    rows = [
        (*subject, draw, len(usable), len(seeds[subject]) - len(usable), _mean(usable))
        for subject, draws in by_draw.items()
        for draw, usable in draws.items()
    ]
    rows.sort(key=_best_first)
    ranked = [(*row, rank) for _, draws in groupby(rows, _subject) for rank, row in enumerate(draws)]
    return pd.DataFrame(ranked, columns=list(_TYPES)).astype(_TYPES)


_Subject = tuple[str, str]
"""An arm's label, and the task of its single-task replicas, or an empty text."""
_RANKED = ("arm", "task", "draw", "seed", "score")
_TYPES = {"arm": str, "task": str, "draw": int, "seeds": int, "lost": int, "skill": float, "rank": int}
_Ranked = tuple[str, str, int, int, int, float]
"""A row of the table, but for its rank."""


def _mean(scores: list[float]) -> float:
    """The mean by a compensated sum (W. Kahan, 1965), as pandas takes it of a group: draws that tie do so as before."""
    total = lost = 0.0
    for score in scores:
        term = score - lost
        lost, total = (total + term) - total - term, total + term
    return total / len(scores) if scores else math.nan


def _subject(row: _Ranked) -> _Subject:
    return row[:2]


def _best_first(row: _Ranked) -> tuple[str, str, int, float, int]:
    arm, task, draw, _, lost, skill = row
    return arm, task, lost, math.inf if math.isnan(skill) else -skill, draw


def select_draws(replicas: pd.DataFrame, *, phase: str = "search") -> dict[str, dict[str, int]]:
    """Return the best draw of each arm that was trained to the end, by arm and task; of ``single_task`` one per task.

    An arm, or a task of a ``single_task`` arm, of which no replica finished is left out.
    """
    ranked = rank_draws(replicas, phase=phase, stopped=False)
    best = ranked[(ranked["rank"] == 0) & (ranked["seeds"] > 0)]
    tasks = {arm: list(dict.fromkeys(rows)) for arm, rows in replicas.groupby("arm")["task"]}
    chosen: dict[str, dict[str, int]] = {}
    for row in each(best):
        chosen.setdefault(row.arm, {}).update(dict.fromkeys([row.task] if row.task else tasks[row.arm], int(row.draw)))
    return chosen
