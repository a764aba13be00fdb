"""From which depth on does a task lose?  The columns of the depth and capacity map as lines, task by task."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.formatting import count_range
from analysis.plots import style
from analysis.questions import depth_capacity
from analysis.questions.depth_capacity import GAIN, left_out, telling
from analysis.records.schema import Records
from analysis.statistics.paired_gains import TASK

NUMBER, NAME = 3, "Gain by depth"


def score(records: Records) -> pd.DataFrame:
    """Return the gains of the depth and capacity map per arm, task and seed; empty where no sharing arm has a depth."""
    scores = depth_capacity.score(records)
    if scores.empty:
        return scores
    rows = scores[(scores["quantity"] == GAIN) & (scores["scope"] == TASK) & scores["depth"].notna()]
    return rows if (rows["depth"] > 0).any() else rows.iloc[:0]


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per task, width and depth: gain with interval.

    ``losing`` says that this depth and every deeper one have an interval below 0.
    """
    rows = depth_capacity.table(scores).sort_values(["order", "width", "depth"]).reset_index(drop=True)
    below = rows["high"] < 0
    losing = below[::-1].groupby([rows["task"], rows["width"]]).cummin()[::-1]
    return rows.assign(losing=losing.astype(bool))


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: from which depth on the task with the largest loss loses, and at which width."""
    losing = rows[rows["losing"] & ~_lost_before(rows)]
    if losing.empty:
        return "Gain by number of shared stages"
    worst = losing.sort_values("gain").iloc[0]
    same = losing[(losing["task"] == worst["task"]) & (losing["width"] == worst["width"])]
    return (
        f"At width {worst['width']}, {worst['task']} loses from {same['depth'].min():.0f} of {worst['stages']} "
        "shared stages on"
    )


def _lost_before(rows: pd.DataFrame) -> pd.Series:
    """Whether the line of a row loses without sharing, or at a depth after which it recovers: depth is not why then."""
    below = rows["high"] < 0
    other = below & (~rows["losing"] | (rows["depth"] == 0))
    return other.groupby([rows["task"], rows["width"]]).transform("any")


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    return (
        "Gain in test skill over the tuned single-task networks of the same width, in points; bars: 95% intervals "
        f"(seeds and test examples, paired, n = {count_range(rows['n'])}; none below 5 seeds); grey band: "
        f"±{rows['band'].iloc[0]:g}, no practical difference. Depth 0 shares nothing but the training loop. Confirm "
        "seeds; exploratory; hyperparameters and epochs selected on validation skill."
        f"{left_out(rows)} {style.unprintable(rows['task'])}"
    ).strip()


words = depth_capacity.words


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw a panel per task, a line per width."""
    tasks = telling(rows)
    columns = min(4, len(tasks))
    lines = -(-len(tasks) // columns)
    drawn = style.canvas(style.SINGLE_COLUMN if columns <= 2 else style.DOUBLE_COLUMN, 24 + 36 * lines)
    panels = drawn.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    names = style.labels(tasks, width=26 if columns < 4 else 22)
    for axes, task in zip(panels.flat, tasks, strict=False):
        _panel(axes, rows[rows["task"] == task])
        axes.set_title(names[task], loc="left")
    for place, axes in enumerate(panels.flat):
        axes.set_visible(place < len(tasks))
        lowest = place + columns >= len(tasks)
        axes.tick_params(labelbottom=lowest)
        axes.set_xlabel("shared stages" if lowest else "")
    handles, shown = panels[0, 0].get_legend_handles_labels()
    drawn.legend(
        handles,
        shown,
        loc="outside lower left",
        ncols=min(3 if columns <= 2 else 6, len(shown)),
        handletextpad=0.4,
        columnspacing=1.2,
    )
    drawn.supylabel("gain (points of skill)", fontsize=7)
    style.headline(drawn, title(rows))
    return drawn


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    widths = sorted(set(rows["width"]))
    style.zero_line(axes, float(rows["band"].iloc[0]), vertical=False)
    for place, width in enumerate(widths):
        line = rows[rows["width"] == width].sort_values("depth")
        x = line["depth"] + 0.09 * (place - (len(widths) - 1) / 2)
        bars = line["half_width"].fillna(0)
        axes.errorbar(x, line["gain"], yerr=bars, label=f"width {width:g}", **style.series(place, len(widths)))
    axes.set_xticks(sorted(set(rows["depth"])))
