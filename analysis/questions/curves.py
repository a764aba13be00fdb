"""What does sharing do to the learning curves?  Training and validation loss of the tasks that tell most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.plots import style
from analysis.questions.depth_capacity import map_arms
from analysis.questions.overfitting import models
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.statistics.generalisation_gap import onset, relative_losses
from analysis.statistics.outcomes import setting

NUMBER, NAME = 4, "Learning curves"

SHOWN_TASKS = 3
SPLITS = {"train": (style.GREY, "--"), "validation": (style.INK, "-")}


def score(records: Records) -> pd.DataFrame:
    """Return both losses, divided by the trivial predictor's, per model, task, seed and epoch of the confirm phase."""
    rows = records.replicas[(records.replicas["phase"] == "confirm") & (records.replicas["status"] == "finished")]
    rows = rows[rows["selected_epoch"] >= 0]
    if rows.empty:
        return pd.DataFrame()
    chosen = records.chosen_arm
    plane = map_arms(records, rows)
    plane = plane.assign(chosen=plane["arm"] == chosen)
    width = plane.loc[plane["chosen"], "width"]
    roles = dict(models(plane[plane["width"] == (width.iloc[0] if len(width) else plane["width"].max())]))
    parts = [_curve(row, roles[row.arm]) for row in each(rows) if row.arm in roles]
    order = {task: place for place, task in enumerate(setting(records).tasks)}
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(order=frame["task"].map(order))


def _curve(row: Any, role: str) -> pd.DataFrame:
    train, validation = relative_losses(row)
    return pd.DataFrame(
        {
            "model": role,
            "arm": row.arm,
            "width": row.width,
            "task": row.task,
            "seed": row.seed,
            "epoch": np.arange(1, len(row.train_loss) + 1),
            "train": train,
            "validation": validation,
            "selected_epoch": row.selected_epoch + 1,
            "onset": onset(row.validation_loss) + 1,
        }
    )


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model, task and epoch: mean and 10th and 90th percentile over seeds of both losses.

    ``onset`` is the median over the seeds that have one (``onset_seeds``), ``selected_epoch`` the median over all.
    """
    groups = scores.groupby(["order", "task", "model", "arm", "width", "epoch"], sort=True)
    columns = {"n": groups["seed"].nunique()}
    for split in SPLITS:
        columns[split] = groups[split].mean()
        columns[f"{split}_low"] = groups[split].quantile(0.1)
        columns[f"{split}_high"] = groups[split].quantile(0.9)
    columns["selected_epoch"] = groups["selected_epoch"].median()
    columns["onset"] = groups["onset"].median()
    columns["onset_seeds"] = groups["onset"].count()
    return pd.DataFrame(columns).reset_index()


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: in how many trainings validation loss turns up, with full sharing and with none."""
    last = rows[rows["epoch"] == rows.groupby(["task", "model"])["epoch"].transform("max")]
    counts = last.groupby("model")[["onset_seeds", "n"]].sum().to_dict("index")
    if {"single", "full"} <= set(counts):
        single, full = counts["single"], counts["full"]
        if single["n"] == full["n"] and single["onset_seeds"] != full["onset_seeds"]:
            return (
                f"Validation loss turns up in {full['onset_seeds']} of {full['n']} trainings of full sharing, "
                f"in {single['onset_seeds']} of single-task networks"
            )
    return "Training and validation loss by epoch"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    tasks = rows["task"].nunique()
    some = (
        f" The {SHOWN_TASKS} of {tasks} tasks whose best validation loss differs most between the models."
        if tasks > 3
        else ""
    )
    return (
        "Loss in evaluation mode by epoch, in units of the trivial predictor's loss on each split: mean over "
        f"n = {rows['n'].max()} confirm seeds and the range from the 10th to the 90th percentile of seeds; the "
        f"models of a seed share their split. Width {rows['width'].iloc[0]}. Dotted line: median selected epoch "
        "(validation skill). Triangle: median onset of overfitting, the epoch after which validation loss stays more "
        f"than 1% above its minimum, with the share of seeds that have one.{some} {style.unprintable(rows['task'])}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per drawn task and model: best and last validation loss, and last training loss."""
    lines = []
    for task in telling(rows):
        for role, (_, _, name) in style.ROLES.items():
            line = rows[(rows["task"] == task) & (rows["model"] == role)].sort_values("epoch")
            if len(line):
                best, last = line["validation"].min(), line.iloc[-1]
                lines.append(
                    f"{task}, {name}: validation loss {best:.2f} at best and {last['validation']:.2f} at the end, "
                    f"training loss {last['train']:.2f} there"
                )
    return lines


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw a row per task that tells most and a column per model."""
    tasks, roles = telling(rows), [role for role in style.ROLES if role in set(rows["model"])]
    drawn = style.canvas(style.DOUBLE_COLUMN if len(roles) > 2 else 130, 22 + 38 * len(tasks))
    panels = drawn.subplots(len(tasks), len(roles), sharex=True, sharey="row", squeeze=False)
    names = style.labels(tasks, width=26)
    for line, task in zip(panels, tasks, strict=True):
        for axes, role in zip(line, roles, strict=True):
            _panel(axes, rows[(rows["task"] == task) & (rows["model"] == role)])
        line[0].set_ylabel(f"{names[task]}\nloss")
    for axes, role in zip(panels[0], roles, strict=True):
        axes.set_title(style.ROLES[role][2], loc="left")
    for axes in panels[-1]:
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    handles, shown = panels[0, 0].get_legend_handles_labels()
    drawn.legend(handles, shown, loc="outside lower left", ncols=3)
    style.headline(drawn, title(rows))
    return drawn


def telling(rows: pd.DataFrame) -> list[str]:
    """Return the few tasks whose best validation loss differs most between the models, in the order of the task set."""
    best = rows.groupby(["task", "model"])["validation"].min().dropna()
    spread = best.groupby("task").max() - best.groupby("task").min()
    kept = set(spread.sort_values(ascending=False, kind="stable").index[:SHOWN_TASKS])
    tasks = list(rows.sort_values("order")["task"].drop_duplicates())
    return [task for task in tasks if task in kept] or tasks[:SHOWN_TASKS]


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    for split, (colour, dashes) in SPLITS.items():
        axes.fill_between(
            rows["epoch"], rows[f"{split}_low"], rows[f"{split}_high"], color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(rows["epoch"], rows[split], color=colour, linestyle=dashes, label=split)
    first = rows.iloc[0]
    axes.axvline(first["selected_epoch"], color=style.GREY, linestyle=":", linewidth=0.8)
    note = f"onset in {first['onset_seeds']} of {first['n']}"
    if first["onset_seeds"]:
        axes.plot(first["onset"], 0.03, "^", color=style.VERMILION, transform=axes.get_xaxis_transform(), clip_on=False)
    blank = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    axes.text(0.98, 0.95, note, transform=axes.transAxes, ha="right", va="top", fontsize=6, bbox=blank)
