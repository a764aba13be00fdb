"""Which way of sharing gains most?  Every architecture beside the others, on paired seeds at equal capacity.

All arms of one capacity with equal weights are compared with the same single-task networks, and with the best of them.
The ranking explores: it gives no verdicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.formatting import all_of, number_of, points, with_interval
from analysis.plots import ranking, style
from analysis.questions._ranked import behind_columns, mean_gains, places
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK
from analysis.selection.arm_costs import costs
from analysis.statistics.outcomes import LOOP, baseline, outcomes, setting
from analysis.statistics.paired_gains import MEAN, differences, gain_columns, gain_of

NUMBER, NAME = 14, "Ways to share"

GAIN, BEHIND = "gain", "behind"
FIXED = ["stages", "backbone", "optimiser", "train_fraction", "weighting", "scale", "gradients", "gramian_rows"]
FACTS = ["arm", "sharing", "depth", "stages", "width", "capacity"]


def score(records: Records) -> pd.DataFrame:
    """Return gain over ``each``, and over the best arm, per arm, task and seed; empty with one way to share."""
    scored = outcomes(records)
    scored = scored[scored["phase"] == "confirm"]
    arms = rivals(records, scored)
    if arms.loc[arms["sharing"] != LOOP, "sharing"].nunique() < 2:  # beside private networks: one is no ranking
        return pd.DataFrame()
    common, levels, parts = setting(records), scored.drop_duplicates("arm"), {}
    for arm in each(arms):
        against = baseline(levels, arm.arm, SINGLE_TASK)
        if against:
            parts[arm.arm] = differences(scored, arm.arm, against, "confirm", common)
    parts = {arm: part for arm, part in parts.items() if len(part)}
    if not parts:
        return pd.DataFrame()
    best = max(parts, key=lambda arm: parts[arm].loc[parts[arm]["scope"] == MEAN, "gain"].mean())
    rows = [part.assign(arm=arm, quantity=GAIN) for arm, part in parts.items()]
    rows += [
        differences(scored, arm, best, "confirm", common).assign(arm=arm, quantity=BEHIND)
        for arm in parts
        if arm != best
    ]
    sizes = costs(records.replicas[records.replicas["phase"] == "confirm"])
    frame = pd.concat(rows, ignore_index=True).drop(columns=["metric", "baseline_metric"])
    frame = frame.merge(arms[FACTS], on="arm").merge(sizes[["arm", "parameters", "multiply_adds"]], on="arm")
    chosen = records.chosen_arm
    return frame.assign(
        band=common.band, level_divisor=common.level_divisor, chosen=frame["arm"] == chosen, rivals=len(parts) - 1
    )


def rivals(records: Records, scored: pd.DataFrame) -> pd.DataFrame:
    """Return the multi-task arms to rank: those of one capacity, and alike in all that is not sharing or depth."""
    arms = scored[scored["sharing"] != SINGLE_TASK].drop_duplicates("arm")
    if arms.empty:
        return arms
    chosen = arms[arms["arm"] == records.chosen_arm]
    equal = arms[arms["weighting"] == "equal"]
    first = pd.concat([chosen[chosen["weighting"] == "equal"], equal, arms]).iloc[0]
    capacity = first["capacity"] if len(chosen) else arms["capacity"].max()
    same = [arms[factor].isna() if pd.isna(first[factor]) else arms[factor] == first[factor] for factor in FIXED]
    found = arms[np.logical_and.reduce(same) & (arms["capacity"] == capacity)]
    larger = (found["sharing"] == LOOP) & (found["width"] == found["capacity"])
    matched = (found["width"] != found["capacity"]).any()
    return found[~larger] if matched else found  # the baseline ``loop`` has a network of that width for every task


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per arm and task (or mean), best mean first: gain with interval, and how far behind the best.

    ``behind`` holds the paired difference to the best arm; ``separable`` says that its interval, simultaneous over all
    rivals of the best, lies below zero.
    """
    behind = mean_gains(scores, BEHIND, rival="arm", family="rivals")
    rows = []
    keys = ["scope", "task", *FACTS, "parameters", "multiply_adds", "band", "level_divisor", "chosen"]
    for facts, group in groups(scores[scores["quantity"] == GAIN], keys):
        columns = gain_columns(gain_of(group, level_divisor=facts["level_divisor"]))
        rows.append(
            facts
            | {key: value for key, value in columns.items() if "simultaneous" not in key}
            | behind_columns(behind.get(facts["arm"]))
        )
    frame = pd.DataFrame(rows)
    return frame.assign(rank=places(frame, "arm")).sort_values(["rank", "scope", "task"]).reset_index(drop=True)


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: which way of sharing leads, and how many others cannot be told from it."""
    means = rows[rows["scope"] == MEAN]
    first, rest = means.iloc[0], means.iloc[1:]
    name = str(first["sharing"])
    if rest["behind_half"].isna().all():
        return "Ways to share, by mean gain"
    tied = int((~rest["separable"]).sum())
    if not tied:
        return f"{name} gains most ({points(first['gain'])} points), ahead of {all_of(len(rest))}"
    return f"{name} leads ({points(first['gain'])} points); {tied} of {len(rest)} others cannot be told from it"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    means = rows[rows["scope"] == MEAN]
    matched = (means["width"] != means["capacity"]).any()
    size = (
        f"every way to share at the width at which it is as large as hard sharing of all stages at width "
        f"{means['capacity'].iloc[0]}"
        if matched
        else f"all at width {means['capacity'].iloc[0]}, so their sizes differ"
    )
    return (
        f"Mean gain in test skill over tuned single-task networks of width {means['capacity'].iloc[0]}, in points, "
        f"{size}. Thick bars: 95% intervals (seeds and test examples, paired, n = {means['n'].max()} confirm seeds; "
        "none below 5); small marks: single tasks. Filled: not separable from the best (paired difference, "
        f"simultaneous over {number_of(len(means) - 1, 'rival')}). Equal weights, the same draws for all; "
        "hyperparameters and epochs selected on validation skill. Exploratory."
    )


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per way to share, best first: its mean gain."""
    means = rows[rows["scope"] == MEAN]
    return [f"{_name(row)}: {with_interval(row.gain, row.low, row.high)}" for row in each(means)]


def figure(rows: pd.DataFrame) -> Figure:
    """Draw one line per arm, best first."""
    return ranking.draw(
        rows,
        title(rows),
        rival="arm",
        over="single-task networks",
        highlight=ranking.Highlight("chosen", *style.ROLES["chosen"]),
        name=_name,
        note=lambda mean: f"   w{mean.width}",
    )


def _name(mean: Any) -> str:
    depth = "" if np.isnan(mean.depth) or mean.sharing == "independent" else f"  {mean.depth:.0f}/{mean.stages}"
    return f"{mean.sharing}{depth}"
