"""What does every arm cost, and what does it reach?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.records.schema import FACTOR_COLUMNS, Records
from analysis.records.unshared import SINGLE_TASK
from analysis.selection.arm_costs import costs
from analysis.selection.skills import selected
from analysis.statistics.intervals import MIN_SEEDS, paired_gain
from analysis.statistics.outcomes import baseline

NUMBER, NAME = 7, "Cost"


def score(records: Records) -> pd.DataFrame:
    """Return mean validation skill, in points, per arm and seed of the confirm phase, with the arm's cost."""
    rows = records.replicas[records.replicas["phase"] == "confirm"]
    if rows.empty:
        return pd.DataFrame()
    skills = (
        rows.assign(skill=100 * selected(rows, "validation_skill")).groupby(["arm", "seed"], sort=False)["skill"].mean()
    )
    arms = rows.drop_duplicates("arm")[["arm", *FACTOR_COLUMNS]]
    single = pd.Series({arm: baseline(arms, arm, SINGLE_TASK) for arm in arms["arm"]}, name="each")
    frame = skills.reset_index().merge(arms, on="arm").merge(costs(rows), on="arm").join(single, on="arm")
    own = costs(rows).set_index("arm")
    for cost in ("multiply_adds", "parameters"):
        frame[f"{cost}_ratio"] = frame[cost] / frame["each"].map(own[cost])
    return frame.assign(chosen=frame["arm"] == records.chosen_arm)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per arm, cheapest first: cost, ratio to single-task networks of its width, mean skill."""
    facts = ["sharing", "depth", "stages", "width", "weighting"]
    columns = ["multiply_adds", "parameters", "multiply_adds_ratio", "parameters_ratio", "chosen"]
    first = scores.groupby("arm", sort=False)[facts + columns].agg(lambda column: column.iloc[0])
    skills = {arm: paired_gain(group["skill"].to_numpy()) for arm, group in scores.groupby("arm", sort=False)}
    table = first.assign(
        skill=[skills[arm].mean for arm in first.index],
        half_width=[skills[arm].half_width for arm in first.index],
        n=[skills[arm].n for arm in first.index],
    )
    return table.reset_index().sort_values(["multiply_adds", "arm"]).reset_index(drop=True).replace({np.inf: np.nan})


def caption(rows: pd.DataFrame) -> str:
    """Return what the table holds, its units, n and selection rule."""
    bars = (
        "half-width of the 95% interval from seeds"
        if rows["n"].max() >= MIN_SEEDS
        else f"no interval below {MIN_SEEDS} seeds"
    )
    return (
        "Multiply-adds per example and parameters, all tasks together, and their ratio to the tuned single-task "
        f"networks of the same width; mean validation skill over tasks in points, n = {rows['n'].max()} confirm "
        f"seeds ({bars}; not paired: rows are not differences), each at its own best epoch. The arm was chosen by the "
        "one-standard-error rule, paired by seed, on the skill at the epochs in which other seeds were best."
    )
