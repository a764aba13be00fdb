"""Which way of sharing gains most?  Every architecture beside the others, on paired seeds at equal capacity.

All arms of one capacity with equal weights are compared with the same single-task networks, and with the best of them.
The ranking explores: it gives no verdicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.formatting import points
from analysis.plots import ranking, style
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.selection import SINGLE_TASK, costs
from analysis.statistics.paired_gains import (
    LOOP,
    MEAN,
    TASK,
    baseline,
    differences,
    gain_columns,
    gain_of,
    outcomes,
    setting,
)

NUMBER, NAME = 14, "Ways to share"

GAIN, BEHIND = "gain", "behind"
FIXED = ["stages", "backbone", "optimiser", "train_fraction", "weighting", "scale", "gradients", "gramian_rows"]
FACTS = ["arm", "sharing", "depth", "stages", "width", "capacity"]


def score(records: Records) -> pd.DataFrame:
    """Gain over ``each``, and over the best arm, per arm, task and seed; empty where there is one way to share."""
    scored = outcomes(records)
    scored = scored[scored["phase"] == "confirm"]
    arms = rivals(records, scored)
    if arms.loc[arms["sharing"] != LOOP, "sharing"].nunique() < 2:  # beside private networks: one is no ranking
        return pd.DataFrame()
    common, parts = setting(records), {}
    for arm in each(arms):
        against = baseline(scored, arm.arm, SINGLE_TASK)
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
    chosen = (records.frozen("arm") or {}).get("arm")
    return frame.assign(band=common.band, looks=common.looks, recommended=frame["arm"] == chosen, rivals=len(parts) - 1)


def rivals(records: Records, scored: pd.DataFrame) -> pd.DataFrame:
    """The multi-task arms to rank: those of one capacity, and alike in all that is not sharing or depth."""
    arms = scored[scored["sharing"] != SINGLE_TASK].drop_duplicates("arm")
    if arms.empty:
        return arms
    chosen = arms[arms["arm"] == (records.frozen("arm") or {}).get("arm")]
    equal = arms[arms["weighting"] == "equal"]
    first = pd.concat([chosen[chosen["weighting"] == "equal"], equal, arms]).iloc[0]
    capacity = first["capacity"] if len(chosen) else arms["capacity"].max()
    same = [arms[factor].isna() if pd.isna(first[factor]) else arms[factor] == first[factor] for factor in FIXED]
    found = arms[np.logical_and.reduce(same) & (arms["capacity"] == capacity)]
    larger = (found["sharing"] == LOOP) & (found["width"] == found["capacity"])
    matched = (found["width"] != found["capacity"]).any()
    return found[~larger] if matched else found  # the baseline ``loop`` has a network of that width for every task


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per arm and task (or mean), best mean first: gain with interval; on the mean, how far behind the best.

    ``behind`` holds the paired difference to the best arm; ``separable`` says that its interval, simultaneous over all
    rivals of the best, lies below zero.
    """
    behind = {}
    for (arm,), group in scores[(scores["quantity"] == BEHIND) & (scores["scope"] == MEAN)].groupby(["arm"]):
        gain = gain_of(group, family=int(group["rivals"].iloc[0]), looks=int(group["looks"].iloc[0]))
        behind[arm] = (gain.mean, gain.half_simultaneous)
    rows = []
    keys = ["scope", "task", *FACTS, "parameters", "multiply_adds", "band", "looks", "recommended"]
    for facts, group in groups(scores[scores["quantity"] == GAIN], keys):
        difference, half = behind.get(facts["arm"], (0.0, np.nan))
        columns = gain_columns(gain_of(group, looks=facts["looks"]))
        rows.append(
            facts
            | {key: value for key, value in columns.items() if "simultaneous" not in key}
            | {"behind": difference, "behind_half": half, "separable": bool(difference + half < 0)}
        )
    frame = pd.DataFrame(rows)
    means = frame[frame["scope"] == MEAN].set_index("arm")["gain"]
    rank = means.rank(ascending=False, method="first")
    return frame.assign(rank=frame["arm"].map(rank)).sort_values(["rank", "scope", "task"]).reset_index(drop=True)


def title(rows: pd.DataFrame) -> str:
    """Who leads, and how many cannot be told from it."""
    means = rows[rows["scope"] == MEAN]
    first, rest = means.iloc[0], means.iloc[1:]
    name = str(first["sharing"])
    if rest["behind_half"].isna().all():
        return "Ways to share, by mean gain"
    tied = int((~rest["separable"]).sum())
    if not tied:
        return f"{name} gains most ({points(first['gain'])} points), ahead of all {len(rest)} others"
    return f"{name} leads ({points(first['gain'])} points); {tied} of {len(rest)} others cannot be told from it"


def caption(rows: pd.DataFrame) -> str:
    """Return what the figure draws: unit, n, kind of interval, selection rule."""
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
        f"simultaneous over {len(means) - 1} rivals). Equal weights, the same draws for all; hyperparameters and "
        "epochs selected on validation skill. Exploratory."
    )


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """One line per arm, best first."""
    means = rows[rows["scope"] == MEAN].reset_index(drop=True)
    drawn = style.canvas(style.DOUBLE_COLUMN, 24 + 4.6 * len(means))
    axes = drawn.subplots()
    style.zero_line(axes, float(means["band"].iloc[0]), vertical=True)
    for place, mean in enumerate(each(means)):
        tasks = rows[(rows["arm"] == mean.arm) & (rows["scope"] == TASK)]
        axes.plot(tasks["gain"], [place] * len(tasks), "|", color=style.GREY, markersize=5, markeredgewidth=0.8)
        _mark(axes, place, mean)
    axes.set_yticks(range(len(means)), [_name(mean) for mean in each(means)])
    axes.set_ylim(len(means) - 0.4, -0.6)
    axes.set_xlabel("mean gain over single-task networks (points of skill)")
    shown = [f"{points(mean.gain)} ± {points(mean.half_width, sign=False)}   w{mean.width}" for mean in each(means)]
    ranking.label_right(axes, shown)
    axes.legend(handles=ranking.legend_entries(), loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    style.headline(drawn, title(rows))
    return drawn


def _mark(axes: Axes, place: int, mean: Any) -> None:
    colour = style.GREEN if mean.recommended else style.INK
    face = "white" if mean.separable else colour
    half = mean.half_width
    axes.errorbar(
        mean.gain, place, xerr=None if np.isnan(half) else half, fmt="o", color=colour, markerfacecolor=face,
        elinewidth=1.6, markersize=ranking.SIZE, zorder=3,
    )  # fmt: skip


def _name(mean: Any) -> str:
    depth = "" if np.isnan(mean.depth) or mean.sharing == "independent" else f"  {mean.depth:.0f}/{mean.stages}"
    return f"{mean.sharing}{depth}"
