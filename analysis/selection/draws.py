"""Which of an arm's draws is best."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.records.frames import each
from analysis.selection.skills import replica_scores


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
    scores = replica_scores(replicas[counted], epochs=epochs)
    usable = scores["score"].where(np.isfinite(scores["score"]))
    draws = scores.assign(usable=usable).groupby(["arm", "task", "draw"], sort=False)["usable"]
    table = draws.agg(skill="mean", seeds="count").reset_index()
    planned = scores.groupby(["arm", "task"])["seed"].nunique().rename("planned").reset_index()
    table = table.merge(planned, on=["arm", "task"])
    table["lost"] = table["planned"] - table["seeds"]
    table = table.sort_values(["arm", "task", "lost", "skill", "draw"], ascending=[True, True, True, False, True])
    table["rank"] = table.groupby(["arm", "task"], sort=False).cumcount()
    return table[["arm", "task", "draw", "seeds", "lost", "skill", "rank"]].reset_index(drop=True)


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
