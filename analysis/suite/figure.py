"""The figure of a ranking: one line a method, best first; its mean with interval, and small marks for the sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.formatting import points
from analysis.plots import style
from analysis.plots.ranking import label_right
from analysis.records.frames import each
from analysis.suite.ranking import Ranking
from analysis.suite.sentences import title

ROW = 5.0
"""Millimetres a line."""
SMALL: dict[str, Any] = {"linestyle": "none", "color": style.GREY, "markersize": 3.8, "markeredgewidth": 0.7}


@style.styled
def figure(ranking: Ranking) -> Figure:
    """Return the figure of ``ranking``; what is not ranked stands below a line, with its small marks alone."""
    rows = ranking.means
    drawn = style.canvas(style.DOUBLE_COLUMN, 27 + ROW * len(rows))
    axes = drawn.subplots()
    style.zero_line(axes, float(np.nan_to_num(ranking.band)), vertical=True)
    for place, name in enumerate(ranking.sets):
        _marks(axes, rows, ranking.cells[ranking.cells["task_set"] == name], place)
    for place, row in enumerate(each(ranking.ranked)):
        _mean(axes, place, row)
    if len(ranking.ranked) < len(rows):
        axes.axhline(len(ranking.ranked) - 0.5, color=style.GREY, linewidth=0.5, linestyle=(0, (2, 2)))
    labels = style.labels(list(rows["method"]), width=28, lines=1)
    axes.set_yticks(range(len(rows)), [labels[name] for name in rows["method"]])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlabel(f"gain over {ranking.contest.over} (points of skill)")
    label_right(axes, [_number(row) for row in each(rows)])
    _legends(axes, ranking)
    style.headline(drawn, title(ranking))
    return drawn


def _marks(axes: Axes, rows: pd.DataFrame, cells: pd.DataFrame, place: int) -> None:
    gains = cells.set_index("method")["gain"].reindex(rows["method"])
    axes.plot(gains, range(len(rows)), **_mark(place), zorder=2)


def _mark(place: int) -> dict[str, Any]:
    """The marker of a task set; the round one is the mean's."""
    markers = style.MARKERS[1:]
    return SMALL | {"marker": markers[place % len(markers)], "markerfacecolor": "white"}


def _mean(axes: Axes, place: int, row: Any) -> None:
    axes.errorbar(
        row.gain, place, xerr=row.half_width if np.isfinite(row.half_width) else None, fmt="o", color=style.INK,
        markerfacecolor="white" if row.separable else style.INK, elinewidth=1.6, markersize=4.8, zorder=3,
    )  # fmt: skip


def _number(row: Any) -> str:
    if row.reason:
        return "not ranked"
    return (
        f"{points(row.gain)} ± {points(row.half_width, sign=False)}"
        if np.isfinite(row.half_width)
        else points(row.gain)
    )


def _legends(axes: Axes, ranking: Ranking) -> None:
    plain: dict[str, Any] = {"color": style.INK, "marker": "o", "linestyle": "none", "markersize": 4.8}
    entries = [
        Line2D([], [], **plain, label="mean, not separable from the best"),
        Line2D([], [], **plain, markerfacecolor="white", label="mean, behind the best"),
    ]
    shown = style.labels(ranking.sets, width=24, lines=1)
    entries += [Line2D([], [], **_mark(place), label=shown[name]) for place, name in enumerate(ranking.sets)]
    axes.legend(handles=entries, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(entries), 5), borderaxespad=0.2)
