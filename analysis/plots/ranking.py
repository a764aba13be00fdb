"""The figure of a ranking: one line per rival, best first, with intervals and the single tasks as small marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
BARS = {"half_simultaneous": 0.6, "half_width": 1.6}
"""Columns with half an interval's width, and how thick its line is; a ranking may lack one of them."""


@dataclass(frozen=True)
class Highlight:
    """How rivals stand out: those of which ``column`` is true, in ``colour`` with ``marker``, said by ``label``."""

    column: str
    colour: str
    marker: str
    label: str


@style.styled
def draw(
    rows: pd.DataFrame,
    finding: str,
    *,
    rival: str,
    over: str,
    highlight: Highlight,
    name: Callable[[Any], str],
    note: Callable[[Any], str] = lambda mean: "",
) -> Figure:
    """Draw a ranking, with ``finding`` above it.

    Args:
        rows: in the order of the ranking: ``scope, task, gain, half_width, separable, band``, perhaps
            ``half_simultaneous``, and the columns named below.
        finding: the headline.
        rival: column that says which rival a row belongs to; each has one row of scope mean.
        over: what the gains are measured from.
        highlight: the rivals that stand out.
        name: what stands at the left of a line, by the row of scope mean.
        note: what stands behind the numbers at its right.
    """
    means = rows[rows["scope"] == MEAN].reset_index(drop=True)
    drawn = style.canvas(style.DOUBLE_COLUMN, HEAD + (LINE if len(means) < DENSE else DENSE_LINE) * len(means))
    axes = drawn.subplots()
    style.zero_line(axes, float(means["band"].iloc[0]), vertical=True)
    for place, mean in enumerate(each(means)):
        tasks = rows[(rows[rival] == getattr(mean, rival)) & (rows["scope"] == TASK)]
        axes.plot(tasks["gain"], [place] * len(tasks), "|", color=style.GREY, markersize=SIZE, markeredgewidth=0.8)
        _mark(axes, place, mean, highlight)
    axes.set_yticks(range(len(means)), [name(mean) for mean in each(means)])
    axes.set_ylim(len(means) - 0.4, -0.6)
    axes.set_xlabel(f"mean gain over {over} (points of skill)")
    label_right(axes, [f"{points(m.gain)} ± {points(m.half_width, sign=False)}{note(m)}" for m in each(means)])
    handles = _legend(means, highlight)
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(handles), borderaxespad=0.2)
    style.headline(drawn, finding)
    return drawn


def _mark(axes: Axes, place: int, mean: Any, highlight: Highlight) -> None:
    stands_out = getattr(mean, highlight.column)
    colour = highlight.colour if stands_out else style.INK
    bars = [(getattr(mean, column), width) for column, width in BARS.items() if hasattr(mean, column)]
    for half, width in bars:
        axes.errorbar(
            mean.gain, place, xerr=None if np.isnan(half) else half, fmt=highlight.marker if stands_out else "o",
            color=colour, markerfacecolor="white" if mean.separable else colour, elinewidth=width, markersize=SIZE,
            zorder=3,
        )  # fmt: skip


def label_right(axes: Axes, texts: list[str]) -> None:
    """Write a text at the right of every line of a ranking."""
    right = axes.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), texts)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _legend(means: pd.DataFrame, highlight: Highlight) -> list[Line2D]:
    plain: dict[str, Any] = {"color": style.INK, "marker": "o", "linestyle": "none", "markersize": SIZE}
    found = [
        Line2D([], [], **plain, label="not separable from the best"),
        Line2D([], [], **plain, markerfacecolor="white", label="behind the best"),
        Line2D([], [], color=style.GREY, marker="|", linestyle="none", label="single tasks"),
    ]
    if means[highlight.column].any():
        shape: dict[str, Any] = {"color": highlight.colour, "marker": highlight.marker}
        found.insert(0, Line2D([], [], **(plain | shape), label=highlight.label))
    return found
