"""Does sharing reduce overfitting?  The gap between validation and training loss, at equal fit, task by task.

With both losses in evaluation mode, each divided by the trivial predictor's loss on its own split,

    gap(e) = validation(e) − training(e),      reduction = gap of the single-task network − gap of the arm,

at the selected epoch, at the end, and at matched training loss.  A network that does not learn a task has no gap
either, so only the last tells overfitting from underfitting: both gaps are taken where a network's training loss first
reaches the larger of the two training losses at the selected epochs, interpolated between epochs; before the first
epoch a network stands at the trivial predictor, with no gap.  The onset of overfitting is the first epoch after which
validation loss stays more than 1% above its minimum to the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.formatting import shared_stages, with_half
from analysis.plots import style
from analysis.questions.depth_capacity import map_arms
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK
from analysis.statistics.generalisation_gap import gap_at, onset, relative_losses
from analysis.statistics.intervals import MIN_SEEDS, paired_gain
from analysis.statistics.outcomes import baseline, setting
from analysis.statistics.paired_gains import MEAN, TASK

NUMBER, NAME = 5, "Overfitting"

MEASURES = ("gap", "gap_end", "fit", "onset", "reduction", "reduction_end", "reduction_matched")
SMALLEST_REACH = 0.01
"""Reduction of the gap that the figure shows on either side of zero, at least."""
LEARNT = 0.98
"""Largest training loss, in units of the trivial predictor's, of a network that is said to have learnt something."""
FACTS = ["arm", "sharing", "depth", "stages", "width"]


def score(records: Records) -> pd.DataFrame:
    """Return gaps, onset and reductions per arm of the map, task and seed of the confirm phase.

    ``fit`` is the training loss at the selected epoch, ``rivals`` the number of arms that are compared with
    single-task networks at a width.
    """
    rows = records.replicas[(records.replicas["phase"] == "confirm") & (records.replicas["status"] == "finished")]
    rows = rows[rows["selected_epoch"] >= 0]
    if rows.empty:
        return pd.DataFrame()
    plane = map_arms(records, rows)
    on_map = rows[rows["arm"].isin(plane["arm"])].drop_duplicates(["arm", "task", "seed"])
    curves = {(row.arm, row.task, row.seed): row for row in each(on_map)}
    scored = []
    for arm in each(plane):
        facts, against = {name: getattr(arm, name) for name in FACTS}, baseline(plane, arm.arm, SINGLE_TASK)
        for label, task, seed in (key for key in curves if key[0] == arm.arm):
            measures = _measures(curves[label, task, seed], curves.get((against, task, seed)))
            scored.append(facts | {"scope": TASK, "task": task, "seed": seed} | measures)
    frame = pd.DataFrame(scored)
    means = frame.groupby([*FACTS, "seed"], dropna=False, sort=False)[list(MEASURES)].mean().reset_index()
    order = {task: place for place, task in enumerate(setting(records).tasks)}
    frame = pd.concat([frame, means.assign(scope=MEAN, task="")], ignore_index=True)
    chosen = records.chosen_arm
    rivals = plane[plane["sharing"] != SINGLE_TASK].groupby("width")["arm"].nunique()
    return frame.assign(
        order=frame["task"].map(order).fillna(-1).astype(int),
        chosen=frame["arm"] == chosen,
        rivals=frame["width"].map(rivals).fillna(1).astype(int),
    )


def _measures(row: Any, base: Any | None) -> dict[str, float]:
    train, validation = relative_losses(row)
    gaps, epoch = validation - train, int(row.selected_epoch)
    values = {"gap": gaps[epoch], "gap_end": gaps[-1], "fit": train[epoch], "onset": onset(row.validation_loss)}
    reductions = dict.fromkeys(("reduction", "reduction_end", "reduction_matched"), np.nan)
    if base is not None and row.sharing != SINGLE_TASK:
        base_train, base_validation = relative_losses(base)
        base_gaps, base_epoch = base_validation - base_train, int(base.selected_epoch)
        reached = float(np.fmax(train[epoch], base_train[base_epoch]))
        reductions = {
            "reduction": base_gaps[base_epoch] - gaps[epoch],
            "reduction_end": base_gaps[-1] - gaps[-1],
            "reduction_matched": gap_at(base_train, base_gaps, reached) - gap_at(train, gaps, reached),
        }
    return values | reductions


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per arm and task (or mean): means over seeds, with the half-width of the 95% interval from seeds.

    ``onset`` is the mean over the seeds that have one, ``onset_seeds`` their number;
    ``reduction_matched_half_simultaneous`` is the half-width that holds for all arms of a width at once.
    """
    keys = [*FACTS, "scope", "task", "order", "chosen", "rivals"]
    rows = []
    for values, group in scores.groupby(keys, sort=False, dropna=False):
        row = dict(zip(keys, values, strict=True)) | {"n": int(group["gap"].notna().sum())}
        for measure in MEASURES:
            gain = paired_gain(group[measure].to_numpy())
            row |= {measure: gain.mean, f"{measure}_half_width": gain.half_width}
        matched = paired_gain(group["reduction_matched"].to_numpy(), family=int(group["rivals"].iloc[0]))
        row |= {"reduction_matched_half_simultaneous": matched.half_simultaneous}
        rows.append(row | {"onset_seeds": int(group["onset"].notna().sum())})
    return pd.DataFrame(rows).sort_values(["order", "width", "depth"], na_position="first").reset_index(drop=True)


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: what sharing does to overfitting at the chosen width, judged at equal training loss."""
    means = rows[(rows["scope"] == MEAN) & (rows["width"] == _width(rows))]
    single = means[means["sharing"] == SINGLE_TASK]
    shared = means.dropna(subset=["reduction_matched", "reduction_matched_half_simultaneous"])
    if shared.empty or single.empty:
        return "Gap between validation and training loss at the selected epoch"
    if min(shared["fit"].min(), single["fit"].min()) > LEARNT:
        return "No network fits its training examples better than a constant does: there is no overfitting to judge"
    clear = shared[shared["reduction_matched"].abs() > shared["reduction_matched_half_simultaneous"]]
    if clear.empty:
        return _undecided(shared, single.iloc[0])
    most = clear.sort_values("reduction_matched", key=abs, ascending=False).iloc[0]
    change = "reduces" if most["reduction_matched"] > 0 else "adds to"
    return (
        f"At equal training loss, sharing ({_name(most)}) {change} overfitting: the gap is "
        f"{abs(most['reduction_matched']):.2f} ± {most['reduction_matched_half_simultaneous']:.2f} "
        f"{'smaller' if most['reduction_matched'] > 0 else 'larger'} than of single-task networks of width "
        f"{most['width']}"
    )


def _undecided(shared: pd.DataFrame, single: pd.Series) -> str:
    """Say that no arm's gap differs at equal fit, and why it does at the selected epoch, where it does."""
    smaller = shared[(shared["reduction"] > shared["reduction_half_width"]) & (shared["fit"] > single["fit"])]
    none = "no gap was found to differ from that of single-task networks"
    if smaller.empty:
        return f"At equal training loss, {none} of width {single['width']}"
    least = smaller.sort_values("reduction", ascending=False).iloc[0]
    return (
        f"With {_name(least)} the gap is smaller ({least['gap']:.2f}; single-task {single['gap']:.2f}), but so is the "
        f"fit (training loss {least['fit']:.2f}; {single['fit']:.2f}): at equal training loss {none}"
    )


def _name(row: pd.Series) -> str:
    return shared_stages(row["sharing"], row["depth"], row["stages"])


def _width(rows: pd.DataFrame) -> int:
    chosen = rows.loc[rows["chosen"], "width"]
    return int(chosen.iloc[0]) if len(chosen) else int(rows["width"].max())


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    n = int(rows["n"].max())
    bars = "bars: 95% intervals from seeds (Student's t)" if n >= MIN_SEEDS else f"no intervals below {MIN_SEEDS} seeds"
    return (
        "Validation loss − training loss in evaluation mode at the selected epoch, each in units of the trivial "
        f"predictor's loss on its split; mean over n = {n} confirm seeds; {bars}; the networks of a seed share their "
        "split, so differences are paired. A task that is not learnt has no gap either: the title goes by the gaps at "
        "equal training loss, with an interval that holds for all arms of the width at once (table: reductions at the "
        f"selected epoch, at the end and at matched training loss, and onsets). Epochs selected on validation skill. "
        f"Left: width {_width(rows)}. Right: single-task gap − gap at equal training loss, mean of "
        "tasks (above 0: less overfitting). "
        f"{style.unprintable(rows['task'])}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per network of the map: its mean gap, and what is left of the difference at equal training loss."""
    means = rows[rows["scope"] == MEAN].sort_values(["width", "depth"], na_position="first")
    return [
        f"{_name(row)}, width {row['width']}: gap {with_half(row['gap'], row['gap_half_width'], sign=False, digits=2)}"
        + (
            ", reduced at equal training loss by "
            f"{with_half(row['reduction_matched'], row['reduction_matched_half_width'], digits=2)}"
            if pd.notna(row["reduction_matched"])
            else ""
        )
        for _, row in means.iterrows()
    ]


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw at the left the gap of every task for few models, at the right its mean reduction at equal training loss."""
    tasks = list(rows[rows["scope"] == TASK].sort_values("order")["task"].drop_duplicates())
    drawn = style.canvas(style.DOUBLE_COLUMN, 34 + max(30, 6.5 * len(tasks)))
    left, right = drawn.subplots(1, 2, width_ratios=(1.2, 1))
    _by_task(left, rows[(rows["scope"] == TASK) & (rows["width"] == _width(rows))], tasks)
    _by_depth(right, rows[rows["scope"] == MEAN])
    style.headline(drawn, title(rows))
    return drawn


def models(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return label and role of the arms that are single-task, chosen or fully shared, as far as they are there."""
    single = rows[rows["sharing"] == SINGLE_TASK]
    full = rows[(rows["depth"] > 0) & (rows["depth"] == rows["stages"])]
    candidates = (("single", single), ("chosen", rows[rows["chosen"]]), ("full", full))
    found = {frame["arm"].iloc[0]: role for role, frame in reversed(candidates) if len(frame)}
    return sorted(found.items(), key=lambda item: list(style.ROLES).index(item[1]))


def _by_task(axes: Axes, rows: pd.DataFrame, tasks: list[str]) -> None:
    names = style.labels(tasks)
    shown = models(rows)
    for place, (arm, role) in enumerate(shown):
        here = rows[rows["arm"] == arm].set_index("task").reindex(tasks)
        colour, marker, label = style.ROLES[role]
        y = np.arange(len(tasks)) + 0.2 * (place - (len(shown) - 1) / 2)
        bars = here["gap_half_width"].fillna(0)
        axes.errorbar(here["gap"], y, xerr=bars, fmt=marker, color=colour, label=label, markersize=3.5, elinewidth=0.9)
    axes.axvline(0, color=style.INK, linewidth=0.6)
    axes.set_yticks(range(len(tasks)), [names[task] for task in tasks])
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    axes.set_xlabel("gap (trivial predictor's loss = 1)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handletextpad=0.2, columnspacing=1, borderpad=0)


def _by_depth(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.dropna(subset=["reduction_matched"])
    widths = sorted(set(rows["width"]))
    axes.axhline(0, color=style.INK, linewidth=0.6)
    for place, width in enumerate(widths):
        line = rows[rows["width"] == width]
        x = line["depth"].fillna(-1) + 0.07 * (place - (len(widths) - 1) / 2)
        axes.errorbar(
            x,
            line["reduction_matched"],
            yerr=line["reduction_matched_half_width"].fillna(0),
            label=f"width {width:g}",
            **style.series(place, len(widths)),
        )
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, -SMALLEST_REACH), max(top, SMALLEST_REACH))
    ticks = sorted(set(rows["depth"].fillna(-1)))
    axes.set_xticks(ticks, ["other" if tick < 0 else f"{tick:.0f}" for tick in ticks])
    axes.set_xlabel("shared stages")
    axes.set_ylabel("gap reduction at equal training loss")
    if not widths:
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", va="center", color=style.GREY)
    else:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, handletextpad=0.4, columnspacing=1, borderpad=0)
