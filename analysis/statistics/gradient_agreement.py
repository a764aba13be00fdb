"""How far the gradients of two tasks agree on what they share, beside what noise leaves of agreement.

Gradients of two tasks are compared across two halves of a probe batch, as are those of one task with itself (*within*).
Sampling noise draws both towards 0, so a pair of tasks says something only by how far it lies below *within*,

    behind_ij = across_ij − within_i     and     across_ij − within_j,

paired by seed.  Were the two tasks to pull the same way, their cosine would be about √(within_i within_j), never below
both; a pair agrees *less* only if both intervals lie below 0, which as a test needs no correction for being two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.records.frames import groups
from analysis.records.schema import Records
from analysis.selection.skills import selected
from analysis.statistics.intervals import paired_gain
from analysis.statistics.outcomes import setting

PAIR, WITHIN, NORM, RATIO = "two tasks", "halves of one task", "norm", "largest over smallest norm"
SIDES = ("task", "other")
ALL = 0
"""Stands for the mean over all probes where another row has the number of an epoch."""
PLACE = ["arm", "sharing", "depth", "stages", "width", "epoch", "stage", "stage_order"]
KEYS = [*PLACE, "quantity", "task", "other"]


def score(records: Records) -> pd.DataFrame:
    """Return every comparison of one arm per fresh seed and epoch: the chosen arm, or another that shares.

    Rows of two tasks have ``value`` (cosine across halves), ``cosine`` (on the same examples), and how far they lie
    behind each task's own halves; a task alone has the cosine of its halves, and its norm; a stage the ratio of norms.
    """
    replicas = records.replicas[records.replicas["status"] == "finished"]
    replicas = replicas[replicas["replica"].isin(records.conflict["replica"])]
    if replicas.empty:
        return pd.DataFrame()
    arm = _arm(records, replicas)
    facts = replicas[replicas["arm"] == arm].drop_duplicates("replica")
    facts = facts[["replica", "seed", "arm", "sharing", "depth", "stages", "width"]]
    rows = records.conflict.merge(facts, on="replica")
    order = {task: place for place, task in enumerate(setting(records).tasks)}
    stages = {stage: place for place, stage in enumerate(rows["stage"].drop_duplicates())}
    rows = rows.assign(
        epoch=rows["epoch"] + 1,
        stage_order=rows["stage"].map(stages),
        task_order=rows["task"].map(order),
        other_order=rows["other"].map(order),
    )
    return pd.concat([_pairs(rows), _alone(rows), _ratios(rows)], ignore_index=True)


def _arm(records: Records, probed: pd.DataFrame) -> str:
    """The chosen arm; where that shares nothing, one that is judged beside it, or the best that shares."""
    judged = (records.frozen("judged") or {}).get("arms", [])
    for arm in [(records.frozen("arm") or {}).get("arm"), *judged]:
        if (probed["arm"] == arm).any():
            return str(arm)
    skills = probed.assign(skill=selected(probed, "validation_skill")).groupby("arm")["skill"].mean()
    return str(skills.fillna(-np.inf).idxmax())


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    alone = rows[rows["task"] == rows["other"]].set_index(["replica", "epoch", "stage", "task"])["across"]
    pairs = rows[rows["task"] != rows["other"]]
    pairs = pairs.assign(quantity=PAIR, value=pairs["across"])
    for side in SIDES:
        places = pd.MultiIndex.from_frame(pairs[["replica", "epoch", "stage", side]])
        pairs[f"within_{side}"] = alone.reindex(places).to_numpy()
        pairs[f"behind_{side}"] = pairs["across"] - pairs[f"within_{side}"]
    return pairs


def _alone(rows: pd.DataFrame) -> pd.DataFrame:
    alone = rows[rows["task"] == rows["other"]]
    kinds = {WITHIN: "across", NORM: "norm"}
    return pd.concat([alone.assign(quantity=name, value=alone[column]) for name, column in kinds.items()])


def _ratios(rows: pd.DataFrame) -> pd.DataFrame:
    norms = rows[rows["norm"] > 0].groupby(["seed", *PLACE], sort=False, dropna=False)["norm"]
    found = pd.DataFrame({"value": norms.max() / norms.min(), "tasks": norms.count()}).reset_index()
    return found[found["tasks"] > 1].drop(columns="tasks").assign(quantity=RATIO, task="", other="")


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stage, quantity, pair and epoch, and one for the mean over epochs (``epoch`` 0).

    ``low`` and ``high`` are the 95% interval from seeds; of norms and their ratio the mean is geometric.  ``behind``
    and its half-width, simultaneous over the pairs of tasks, say how far a pair lies below the halves (``within``) of
    the task that it comes nearer to; ``apart`` that this is more than noise; ``opposed`` that the cosine, too, is
    below 0.
    """
    if scores.empty:
        return scores
    means = scores.groupby(["seed", *[key for key in KEYS if key != "epoch"]], sort=False, dropna=False)
    gaps = [f"{name}_{side}" for name in ("within", "behind") for side in SIDES]
    numbers = ["value", "cosine", *gaps, "task_order", "other_order"]
    whole = means[numbers].mean().reset_index().assign(epoch=ALL)
    every = pd.concat([whole, scores], ignore_index=True)
    pairs = max(1, len(scores.loc[scores["quantity"] == PAIR, ["task", "other"]].drop_duplicates()))
    rows = [facts | _estimates(facts["quantity"], group, pairs) for facts, group in groups(every, KEYS)]
    frame = pd.DataFrame(rows).sort_values(["stage_order", "quantity", "task_order", "other_order", "epoch"])
    return frame.reset_index(drop=True)


def _estimates(quantity: str, group: pd.DataFrame, pairs: int) -> dict[str, Any]:
    values = group["value"].to_numpy(dtype=float)
    geometric = quantity in (NORM, RATIO)
    with np.errstate(divide="ignore"):
        found = paired_gain(np.log(values) if geometric else values, family=pairs)
    shown = np.exp if geometric else float
    numbers = {
        "mean": shown(found.mean), "low": shown(found.mean - found.half_width),
        "high": shown(found.mean + found.half_width), "n": found.n,
        "task_order": group["task_order"].iloc[0], "other_order": group["other_order"].iloc[0],
    }  # fmt: skip
    if quantity != PAIR:
        return numbers
    gaps = {side: paired_gain(group[f"behind_{side}"].to_numpy(dtype=float), family=pairs) for side in SIDES}
    nearer = max(SIDES, key=lambda side: np.nan_to_num(gaps[side].mean + gaps[side].half_simultaneous, nan=np.inf))
    gap = gaps[nearer]
    apart = bool(gap.mean + gap.half_simultaneous < 0)
    return numbers | {
        "same_examples": group["cosine"].mean(), "within": group[f"within_{nearer}"].mean(), "behind": gap.mean,
        "behind_half": gap.half_simultaneous, "apart": apart,
        "opposed": apart and bool(found.mean + found.half_simultaneous < 0),
    }  # fmt: skip


def last_stage(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of tasks in the last shared stage, averaged over all epochs, the furthest behind first."""
    pairs = rows[(rows["quantity"] == PAIR) & (rows["epoch"] == ALL) & rows["stage"].str.startswith("stage")]
    if pairs.empty:
        return pairs
    last = pairs[pairs["stage_order"] == pairs["stage_order"].max()]
    return last.sort_values(["behind", "task_order", "other_order"], kind="stable")
