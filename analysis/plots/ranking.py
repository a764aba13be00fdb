"""The figure of a ranking: one line per rival, best first, with intervals and the single tasks as small marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.formatting import points
from analysis.plots import style
from analysis.records.frames import each
from analysis.statistics.paired_gains import MEAN, TASK

HEAD, LINE, DENSE_LINE, DENSE = 24.0, 4.6, 3.5, 24
"""Millimetres of what stands above and below, and of a line; lines move together where there are many."""
SIZE = 4.5


def draw(rows: pd.DataFrame, *, names: str, reached: str, said: str) -> Figure:
    """The figure, without label and headline.

    Args:
        rows: in the order of the ranking: ``scope, task, gain, half_width, half_simultaneous, separable, band`` and
            the columns named below.
        names: column with the rivals' names, one row each of scope mean.
        reached: column that is true for rivals to be marked.
        said: what the mark says.
    """
    means = rows[rows["scope"] == MEAN].reset_index(drop=True)
    drawn = style.canvas(style.DOUBLE_COLUMN, HEAD + (LINE if len(means) < DENSE else DENSE_LINE) * len(means))
    axes = drawn.subplots()
    style.zero_line(axes, float(means["band"].iloc[0]), vertical=True)
    for place, mean in enumerate(each(means)):
        tasks = rows[(rows[names] == getattr(mean, names)) & (rows["scope"] == TASK)]
        axes.plot(tasks["gain"], [place] * len(tasks), "|", color=style.GREY, markersize=SIZE, markeredgewidth=0.8)
        _mark(axes, place, mean, getattr(mean, reached))
    axes.set_yticks(range(len(means)), list(means[names]))
    axes.set_ylim(len(means) - 0.4, -0.6)
    shown = [f"{points(mean.gain)} ± {points(mean.half_width, sign=False)}" for mean in each(means)]
    label_right(axes, shown)
    handles = _legend(means, reached, said)
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(handles), borderaxespad=0.2)
    return drawn


def _mark(axes: Axes, place: int, mean: Any, reached: bool) -> None:
    colour = style.BLUE if reached else style.INK
    for half, width in ((mean.half_simultaneous, 0.6), (mean.half_width, 1.6)):
        axes.errorbar(
            mean.gain, place, xerr=None if np.isnan(half) else half, fmt="^" if reached else "o", color=colour,
            markerfacecolor="white" if mean.separable else colour, elinewidth=width, markersize=SIZE, zorder=3,
        )  # fmt: skip


def label_right(axes: Axes, texts: Sequence[str]) -> None:
    """Write one text per line of the ranking at the right edge, the first line's first."""
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), list(texts))
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def legend_entries() -> list[Line2D]:
    """Return the legend entries of every ranking: separable or not from the best, and single tasks."""
    plain: dict[str, Any] = {"color": style.INK, "marker": "o", "linestyle": "none", "markersize": SIZE}
    return [
        Line2D([], [], **plain, label="not separable from the best"),
        Line2D([], [], **plain, markerfacecolor="white", label="behind the best"),
        Line2D([], [], color=style.GREY, marker="|", linestyle="none", label="single tasks"),
    ]


def _legend(means: pd.DataFrame, reached: str, said: str) -> list[Line2D]:
    found = legend_entries()
    if means[reached].any():
        found.insert(0, Line2D([], [], color=style.BLUE, marker="^", linestyle="none", markersize=SIZE, label=said))
    return found
