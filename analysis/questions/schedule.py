"""Do task weights that change during the training beat constant ones?  Asked where a population has looked for them.

Exploratory: the schedule had as much training as all members of its population together, and so had the constant
weights that it is compared with; equal weights had the draws of any arm.  All are trained from scratch on the verdict
seeds, which chose none of them.  Nothing here takes part in the choice of an arm or in its verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.formatting import count_range, listing, with_interval
from analysis.plots import style
from analysis.records.explored import EQUAL, FIXED, SCHEDULED, explored
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.outcomes import outcomes, setting
from analysis.statistics.paired_gains import MEAN, TASK, differences, gain_columns, gain_of, name_of_row

NUMBER, NAME = 16, "Task weights on a schedule"

ALONE = "single-task"
NAMES = {SCHEDULED: "a schedule", FIXED: "the best constant weights", EQUAL: "equal weights", ALONE: "networks alone"}
PAIRS = ((SCHEDULED, FIXED), (SCHEDULED, EQUAL), (FIXED, EQUAL), (SCHEDULED, ALONE))
GAIN, WEIGHT = "gain", "weight"


def score(records: Records) -> pd.DataFrame:
    """Return paired gains per comparison, task and verdict seed, and the weights; empty where no schedule was found."""
    found, scored, common = explored(records), outcomes(records), setting(records)
    arms = dict(found.get("arms", {}))
    if SCHEDULED not in arms:
        return pd.DataFrame()
    judged = records.frozen("judged") or {"baselines": {}}
    arms[ALONE] = judged["baselines"].get(arms.get(EQUAL), {}).get("each")
    parts = [
        differences(scored, arms[left], arms[right], "verdict", common).assign(arm=left, against=right)
        for left, right in PAIRS
        if arms.get(left) and arms.get(right)
    ]
    gains = [part for part in parts if len(part)]
    if not gains:
        return pd.DataFrame()
    frame = pd.concat(gains, ignore_index=True).assign(
        quantity=GAIN, family=len(gains), level_divisor=common.level_divisor
    )
    frame = pd.concat([frame, _weights(found, common.tasks)], ignore_index=True)
    return frame.assign(members=found["members"], band=common.band)


def _weights(found: Mapping[str, Any], tasks: Sequence[str]) -> pd.DataFrame:
    """A row per task and piece of the schedule, and per constant weight, which begins with the training."""
    constant = found.get("weights")
    pieces = {SCHEDULED: found.get("pieces") or [], FIXED: [[0.0, *constant]] if constant else []}
    rows = [
        {"quantity": WEIGHT, "arm": arm, "scope": TASK, "task": task, "begins": begins, "weight": weight}
        for arm, own in pieces.items()
        for begins, *weights in own
        for task, weight in zip(tasks, weights, strict=True)
    ]
    return pd.DataFrame(rows)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per comparison and task, or mean over tasks, with intervals; then the weights, piece by piece."""
    keys = ["quantity", "arm", "against", "scope", "task", "members", "band", "level_divisor"]
    rows = [
        facts
        | gain_columns(gain_of(group, family=int(group["family"].iloc[0]), level_divisor=int(facts["level_divisor"])))
        for facts, group in groups(scores[scores["quantity"] == GAIN], keys)
    ]
    weights = scores[scores["quantity"] == WEIGHT]
    weights = weights[["quantity", "arm", "scope", "task", "members", "begins", "weight"]]
    return pd.concat([pd.DataFrame(rows), weights], ignore_index=True)


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: by how much the schedule differs from constant and equal weights, on the mean of tasks."""
    means = rows[(rows["quantity"] == GAIN) & (rows["scope"] == MEAN) & (rows["arm"] == SCHEDULED)]
    said = [
        f"{with_interval(row.gain, row.low, row.high)} points over {NAMES[row.against]}"
        for row in each(means[means["against"].isin((FIXED, EQUAL))])
    ]
    return f"Exploratory: task weights on a schedule gain {listing(said)}" if said else NAME


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and how much training the schedule had."""
    gains, members = rows[rows["quantity"] == GAIN], int(rows["members"].iloc[0])
    bars = f"no intervals below {MIN_SEEDS} seeds"
    if gains["n"].max() >= MIN_SEEDS:
        bars = "95% intervals from seeds and test examples, and simultaneous ones over the comparisons in the table"
    return (
        "Share of each task in the weighted loss over the training; lines: the schedule, dotted: the best constant "
        "weights. Gains: paired differences in test skill, in points, between networks that are trained from scratch "
        f"on the verdict seeds (n = {count_range(gains['n'])}; {bars}). Exploratory, with no verdict and no part in "
        f"the choice of an arm: a population of {members} networks found the schedule and {members} trainings the "
        f"constant weights, {members} full trainings of every search seed each; both were chosen on validation skill, "
        f"and have the other hyperparameters of equal weights. {style.unprintable(rows['task'])}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per comparison and task with its gain, and a line per task with its weights over the training."""
    gains, pieces = rows[rows["quantity"] == GAIN], _of(rows, SCHEDULED)
    lines = [
        f"{NAMES[row.arm]} over {NAMES[row.against]}, {name_of_row(row.scope, row.task, gains)}: "
        f"{with_interval(row.gain, row.low, row.high)}"
        for row in each(gains)
    ]
    return lines + [
        f"weight of {task}: " + ", ".join(f"{row.weight:.2f} from {100 * row.begins:.3g}%" for row in each(own))
        for task, own in pieces.groupby("task", sort=False)
    ]


def _of(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The weights of an arm."""
    return rows[(rows["quantity"] == WEIGHT) & (rows["arm"] == arm)]


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw a line per task: its weight over the share of the training, as the schedule has it."""
    drawn = style.canvas(style.SINGLE_COLUMN, 66)
    axes = drawn.subplots()
    tasks = list(_of(rows, SCHEDULED)["task"].unique())
    names = style.labels(tasks)
    for place, task in enumerate(tasks):
        look = style.series(place, len(tasks))
        scheduled, constant = (own[own["task"] == task] for own in (_of(rows, SCHEDULED), _of(rows, FIXED)))
        begins, weights = [*scheduled["begins"], 1.0], [*scheduled["weight"], scheduled["weight"].iloc[-1]]
        shown = {"color": look["color"], "linewidth": look["linewidth"], "marker": look["marker"], "markersize": 3}
        axes.step(begins, weights, where="post", label=names[task], **shown)
        for weight in constant["weight"]:
            axes.axhline(weight, color=look["color"], linewidth=0.6, linestyle=":")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("share of the training")
    axes.set_ylabel("weight")
    handles, shown_names = axes.get_legend_handles_labels()
    drawn.legend(handles, shown_names, loc="outside lower left", ncols=min(3, len(tasks)))
    style.headline(drawn, title(rows))
    return drawn
