"""Where, between sharing nothing and everything and between narrow and wide, does sharing pay?

Every arm of the map is compared with the tuned single-task networks of its own width, on the seeds of the confirm
phase.  The map explores: none of its cells gets a verdict.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from analysis.formatting import agree, count_range, number_of, points, with_half
from analysis.plots import heatmap, style
from analysis.records.frames import each, groups
from analysis.records.schema import Records
from analysis.records.unshared import SINGLE_TASK
from analysis.statistics.outcomes import LOOP, baseline, outcomes, setting
from analysis.statistics.paired_gains import MEAN, TASK, differences, gain_columns, gain_of, name_of_row

NUMBER, NAME = 2, "Depth and capacity"

GAIN, SKILL = "gain", "skill"
FIXED = ("stages", "backbone", "optimiser", "train_fraction")
FEW = 8
"""Most tasks in the figure; of more, those with the largest gains and losses are drawn, and the table has all."""


def score(records: Records) -> pd.DataFrame:
    """Return gain over ``each``, and skill, in points, per arm of the map, task and seed of the confirm phase.

    Empty before that phase is scored, and where no arm has single-task networks to be compared with.
    """
    scored = outcomes(records)
    scored = scored[scored["phase"] == "confirm"]
    if scored.empty:
        return pd.DataFrame()
    common, plane, levels = setting(records), map_arms(records, scored), scored.drop_duplicates("arm")
    rows = []
    for arm in each(plane):
        facts = {name: getattr(arm, name) for name in ("arm", "sharing", "depth", "stages")} | {"width": arm.capacity}
        rows.append(_skills(scored[scored["arm"] == arm.arm]).assign(**facts, quantity=SKILL))
        against = baseline(levels, arm.arm, SINGLE_TASK)
        if against and arm.sharing != SINGLE_TASK:
            gains = differences(scored, arm.arm, against, "confirm", common)
            rows.append(gains.drop(columns=["metric", "baseline_metric"]).assign(**facts, quantity=GAIN))
    frame = pd.concat([part for part in rows if len(part)], ignore_index=True)
    if GAIN not in set(frame["quantity"]):
        return pd.DataFrame()
    order = {task: place for place, task in enumerate(common.tasks)}
    places = frame["task"].map(order).fillna(-1).astype(int)
    chosen = records.chosen_arm
    return frame.assign(
        order=places, band=common.band, level_divisor=common.level_divisor, chosen=frame["arm"] == chosen
    )


def map_arms(records: Records, scored: pd.DataFrame) -> pd.DataFrame:
    """Return the arms of the map: other levels than depth and width as in the chosen arm, its or equal weights."""
    arms = scored.drop_duplicates("arm")
    chosen = arms[arms["arm"] == records.chosen_arm]
    hard = arms[~arms["sharing"].isin((SINGLE_TASK, LOOP))]
    first = pd.concat([chosen, hard[hard["weighting"] == "equal"], hard, arms]).iloc[0]
    same = np.logical_and.reduce([arms[factor] == first[factor] for factor in FIXED])
    family = hard["sharing"].iloc[0] if len(hard) and first["sharing"] in (SINGLE_TASK, LOOP) else first["sharing"]
    weighting = first["weighting"] if first["sharing"] == family else "equal"
    shared = (arms["sharing"] == family) & (arms["weighting"] == weighting)
    loop = (arms["sharing"] == LOOP) & (arms["weighting"] == "equal")
    plane = arms[same & (shared | loop | (arms["sharing"] == SINGLE_TASK))]
    return plane.sort_values(["capacity", "depth", "arm"]).drop_duplicates(["sharing", "depth", "capacity"])


def _skills(rows: pd.DataFrame) -> pd.DataFrame:
    """Return test skill in points, per task and as the mean over tasks."""
    kept = rows[["task", "seed", "test_skill"]].rename(columns={"test_skill": "gain"})
    kept = kept.assign(gain=100 * kept["gain"], scope=TASK)
    mean = kept.dropna().groupby("seed", as_index=False)["gain"].mean().assign(task="", scope=MEAN)
    return pd.concat([kept, mean]).assign(test_variance=0.0, test_degrees=0)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per quantity (gain or skill), task (or mean), depth and width: value and intervals, in points.

    The interval of ``skill`` is from seeds alone.
    """
    keys = ["quantity", "scope", "task", "order", "arm", "sharing", "depth", "width", "stages", "band", "level_divisor"]
    rows = []
    for facts, group in groups(scores, [*keys, "chosen"]):
        gain = gain_of(group, level_divisor=facts["level_divisor"])
        columns = {name: value for name, value in gain_columns(gain).items() if "simultaneous" not in name}
        rows.append(facts | columns)
    return pd.DataFrame(rows).sort_values(["quantity", "order", "width", "depth"]).reset_index(drop=True)


def peak(rows: pd.DataFrame) -> pd.Series | None:
    """Return the cell of the largest mean gain if its 95% interval lies above 0, else ``None``."""
    cells = rows[(rows["quantity"] == GAIN) & (rows["scope"] == MEAN)].dropna(subset=["gain"])
    if cells.empty:
        return None
    best = cells.sort_values("gain", ascending=False).iloc[0]
    return best if best["low"] > 0 else None


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: where the mean gain is largest, if its interval lies above 0 anywhere."""
    best = peak(rows)
    if best is not None:
        size = f"{points(best['gain'])} ± {points(best['half_width'], sign=False)} points"
        if math.isnan(best["depth"]):  # the architecture has none
            return f"The mean gain is largest at width {best['width']} ({size})"
        place = f"{best['depth']:.0f} of {best['stages']} shared stages and width {best['width']}"
        return f"The mean gain is largest at {place} ({size})"
    if rows.loc[rows["quantity"] == GAIN, "half_width"].notna().any():
        return "No depth and width has a mean gain whose interval lies above zero"
    return "Mean gain by shared stages and width"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    gains, limit = rows[rows["quantity"] == GAIN], gain_limit(rows)
    beyond = int((gains["gain"].abs() > limit).sum())
    clipped = ""
    if beyond:
        lie = agree(beyond, "lies", "lie")
        clipped = f" Colours end at ±{points(limit, sign=False)} points; {number_of(beyond, 'cell')} {lie} beyond."
    return (
        "Gain in test skill over the tuned single-task networks of the same width, in points: mean ± half-width of "
        f"the 95% interval (seeds and test examples, paired, n = {count_range(gains['n'])}; "
        "none below 5 seeds). Hatched: the interval holds zero. Boxed: the chosen arm. Grey map: mean skill "
        f"itself.{clipped} Confirm seeds; exploratory, not corrected for the number of cells; "
        f"hyperparameters and epochs selected on validation skill.{left_out(gains)} {style.unprintable(rows['task'])}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per task (first the mean) and width: the gain at every number of shared stages."""
    gains = rows[(rows["quantity"] == GAIN) & (rows["gain"].notna())].sort_values(["order", "width", "depth"])
    lines = []
    for facts, cells in groups(gains, ["scope", "task", "width"]):
        shown = [f"{with_half(cell.gain, cell.half_width)} ({_row(cell)} shared)" for cell in each(cells)]
        name = name_of_row(facts["scope"], facts["task"], gains)
        lines.append(f"{name}, width {facts['width']}: gain {', '.join(shown)}")
    return lines


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw maps of the mean gain and the mean skill, then of the gain of every task."""
    gains, skills = rows[rows["quantity"] == GAIN], rows[(rows["quantity"] == SKILL) & (rows["scope"] == MEAN)]
    tasks = telling(gains)
    columns = 2 if gains["width"].nunique() > 4 else 3
    lines = -(-(2 + len(tasks)) // columns)
    drawn = style.canvas(style.DOUBLE_COLUMN, 16 + lines * (13 + 8 * skills["depth"].nunique(dropna=False)))
    panels = drawn.subplots(lines, columns, squeeze=False).flat
    limit = gain_limit(rows)
    names = style.labels(tasks, width=52 if columns == 2 else 34, lines=1)
    _map(panels[0], gains[gains["scope"] == MEAN], "gain, mean of tasks", limit)
    heatmap.colour_bar(panels[0], gains["gain"])
    _map(panels[1], skills, "skill, mean of tasks (points)", None)
    heatmap.colour_bar(panels[1], skills["gain"])
    for place, task in enumerate(tasks, start=2):
        _map(panels[place], gains[(gains["scope"] == TASK) & (gains["task"] == task)], f"gain, {names[task]}", limit)
    for axes in list(panels)[2 + len(tasks) :]:
        axes.remove()
    drawn.supxlabel("width (units per stage)", fontsize=7)
    drawn.supylabel("shared stages", fontsize=7)
    style.headline(drawn, title(rows))
    return drawn


def gain_limit(rows: pd.DataFrame) -> float:
    """Return the gain, in points, of the last colours; larger gains and losses have them as well."""
    gains = rows.loc[rows["quantity"] == GAIN, "gain"]
    return heatmap.robust_limit(gains, at_least=2 * float(rows["band"].iloc[0]))


def telling(gains: pd.DataFrame) -> list[str]:
    """Return the tasks to draw: all, or the few of the largest gain or loss; in the order of the task set."""
    tasks = gains[gains["scope"] == TASK].dropna(subset=["gain"])
    extent = tasks.assign(extent=tasks["gain"].abs()).groupby("task")["extent"].max()
    kept = set(extent.sort_values(ascending=False, kind="stable").index[:FEW])
    return [task for task in tasks.sort_values("order")["task"].drop_duplicates() if task in kept]


def left_out(gains: pd.DataFrame) -> str:
    """Return a sentence for the caption where the figure does not show all tasks; else nothing."""
    tasks = gains.loc[gains["scope"] == TASK, "task"].nunique()
    if tasks <= FEW:
        return ""
    return f" The {FEW} tasks with the largest gains or losses of {tasks} are drawn; the table has all."


def _map(axes: Axes, cells: pd.DataFrame, heading: str, limit: float | None) -> None:
    """Draw one map; with ``limit`` diverging colours of a gain, without it grey ones of a skill."""
    is_gain = limit is not None
    low, high = heatmap.robust_range(cells["gain"])
    limits = (-limit, limit) if limit is not None else (low - 5, high)
    cells = cells.assign(row=[_row(cell) for cell in each(cells)])
    cells = cells.assign(text=[_text(cell, is_gain=is_gain) for cell in each(cells)])
    rows = list(cells.sort_values("depth", ascending=False, kind="stable")["row"].drop_duplicates())
    values, texts = (cells.pivot(index="row", columns="width", values=name).loc[rows] for name in ("gain", "text"))
    heatmap.draw(axes, values, texts, colours=style.DIVERGING if is_gain else style.SEQUENTIAL, limits=limits)
    widths = list(values.columns)
    for cell in each(cells.dropna(subset=["gain"])):
        _frame(
            axes, cell, (widths.index(cell.width), rows.index(cell.row)), unsure=is_gain and cell.low <= 0 <= cell.high
        )
    axes.set_title(heading, loc="left")


def _row(cell: Any) -> str:
    """Label of a cell's row: its shared stages, or how it shares where no stages can be counted."""
    if np.isnan(cell.depth):
        return "single" if cell.sharing == SINGLE_TASK else str(cell.sharing)
    return f"{cell.depth:.0f}"


def _text(cell: Any, *, is_gain: bool) -> str:
    half = f"\n±{points(cell.half_width, sign=False)}" if is_gain and np.isfinite(cell.half_width) else ""
    return points(cell.gain, sign=is_gain) + half


def _frame(axes: Axes, cell: Any, corner: tuple[int, int], *, unsure: bool) -> None:
    """Hatch a cell whose interval holds zero, and box the one of the chosen arm."""
    if unsure:
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor="#c4c4c4", linewidth=0, zorder=2))
    if cell.chosen:
        inner = (corner[0] + 0.03, corner[1] + 0.03)
        axes.add_patch(Rectangle(inner, 0.94, 0.94, fill=False, edgecolor=style.INK, linewidth=1.4, zorder=4))
