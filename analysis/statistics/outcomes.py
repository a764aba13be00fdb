"""What scored replicas say of the tasks, and the single-task arms that others are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import Importance, stated_importance
from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.selection.skills import selected
from analysis.statistics.evidence import uncounted_tasks
from analysis.statistics.looks import divisor_of_level

LOOP = "independent"
ACCURACY = "accuracy"


@dataclass(frozen=True)
class Setting:
    """Tasks, band, level and test groups that every judgement of a study has in common.

    Args:
        tasks: names of the tasks, in the order of the task set.
        band: half-width of the band of no practical difference, in points.
        level_divisor: by which the level is divided, as the study was judged more than once.
        groups: group number of every test example, or ``None``.
        folds: number of outer folds; 1: a test split of its own judges.
        importance: of the tasks in their mean, by name; ``None``: all count alike.
        uncounted: tasks that do not count in means, since too little of them is judged.
    """

    tasks: list[str]
    band: float
    level_divisor: int
    groups: np.ndarray | None
    folds: int = 1
    importance: Importance | None = None
    uncounted: frozenset[str] = frozenset()


def setting(records: Records) -> Setting:
    """Return the setting that the run directory states."""
    level_divisor = divisor_of_level(records.ledger)
    groups = None if records.test_groups is None else np.asarray(records.test_groups)
    band = float(records.spec.get("band", 1.0))
    importance = stated_importance(records.spec)
    tasks, uncounted = list(records.tasks["task"]), uncounted_tasks(records)
    return Setting(tasks, band, level_divisor, groups, records.num_folds, importance, uncounted)


def outcomes(records: Records) -> pd.DataFrame:
    """Return one row per scored replica × task of the phases ``confirm`` and ``verdict``.

    Returns:
        The replica's identity and factors, ``validation_skill`` at the selected epoch, and the columns of the scores.
    """
    rows = records.replicas[records.replicas["phase"].isin(("confirm", "verdict"))]
    kept = rows[["replica", "arm", "phase", "seed", "task", *FACTOR_COLUMNS]].assign(
        validation_skill=selected(rows, "validation_skill")
    )
    merged = kept.merge(records.scores, on=["replica", "task"], how="inner", validate="one_to_one")
    merged = merged.drop_duplicates(["arm", "phase", "seed", "task"], keep="last").reset_index(drop=True)
    return merged if records.num_folds == 1 or merged.empty else _on_one_scale(merged)


def _on_one_scale(rows: pd.DataFrame) -> pd.DataFrame:
    """Give each task one trivial metric for all outer folds: a small fold's own would make its skill a wild ratio."""
    counted = rows[np.isfinite(rows["trivial_metric"]) & (rows["num_test"] > 0)]
    sums = (counted["trivial_metric"] * counted["num_test"]).groupby(counted["task"]).sum()
    trivial = rows["task"].map(sums / counted.groupby("task")["num_test"].sum())
    room = (rows["perfect_metric"] - trivial).replace(0.0, np.nan)
    return rows.assign(trivial_metric=trivial, test_skill=(rows["test_metric"] - trivial) / room)


def baseline(arms: pd.DataFrame, arm: str, sharing: str) -> str | None:
    """Return the label of the ``sharing`` arm that an arm is compared with, or ``None``.

    It has the same stages, capacity, backbone, optimiser and data as ``arm``; of several the first by name.

    Args:
        arms: the levels of the arms, a row of each.
        arm: label of the arm.
        sharing: the baseline's architecture.
    """
    levels = arms[arms["arm"] == arm].iloc[0]
    same = (arms["sharing"] == sharing) & (arms["width"] == arms["capacity"])  # a matched arm is nobody's baseline
    for factor in ("stages", "capacity", "backbone", "optimiser", "train_fraction"):
        same &= arms[factor] == levels[factor]
    if sharing == LOOP:
        same &= arms["weighting"] == "equal"
    found = sorted(set(arms.loc[same, "arm"]))
    return found[0] if found else None
