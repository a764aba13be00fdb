"""The forest plot: gains of every judged arm as points with two intervals, a line per task, beside all baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.formatting import interval, judged_arm, points
from analysis.plots import style, verdict_marks
from analysis.records.frames import each
from analysis.statistics.paired_gains import MEAN, TASK, name_of_mean
from analysis.statistics.verdicts import ALONE, shown_word

MARKS = {"loop": "o", "total": "s", "best": "D"}
"""Markers of the baselines other than ``each``."""
POOLED = "|"
"""Marker of a gain that is drawn towards those of the other tasks."""


@style.styled
def draw(rows: pd.DataFrame, finding: str) -> Figure:
    """Draw a panel per judged arm with a row per task and the numbers at the right, and ``finding`` as the headline.

    Args:
        rows: table of :mod:`analysis.questions.transfer`, with the verdicts.
        finding: the headline.
    """
    arms = [arm for arm in dict.fromkeys(rows["arm"]) if _has_each(rows, arm)] or list(dict.fromkeys(rows["arm"]))
    tasks = _sorted_tasks(rows[rows["arm"] == arms[0]])
    height = 30 + len(arms) * (9 + (len(tasks) + 1) * (8.5 if len(tasks) <= 6 else 7))
    drawn = style.canvas(style.DOUBLE_COLUMN, height)
    panels = drawn.subplots(len(arms), 1, sharex=True, squeeze=False)[:, 0]
    for axes, arm in zip(panels, arms, strict=True):
        _panel(axes, rows[rows["arm"] == arm], tasks)
    panels[-1].set_xlabel("gain over tuned single-task networks (points of skill)")
    drawn.legend(handles=_legend(rows), loc="outside lower left", ncols=4, handletextpad=0.3, columnspacing=1.2)
    style.headline(drawn, finding)
    return drawn


def _has_each(rows: pd.DataFrame, arm: str) -> bool:
    return bool(((rows["arm"] == arm) & (rows["baseline"] == "each")).any())


def _sorted_tasks(rows: pd.DataFrame) -> list[str]:
    name = "each" if (rows["baseline"] == "each").any() else rows["baseline"].iloc[0]
    tasks = rows[(rows["baseline"] == name) & (rows["scope"] == TASK)]
    return list(tasks.sort_values(["gain", "order"], ascending=[False, True])["task"])


def _panel(axes: Axes, rows: pd.DataFrame, tasks: list[str]) -> None:
    first = rows.iloc[0]
    names = style.labels(tasks)
    style.zero_line(axes, first["band"])
    for place, task in enumerate([*tasks, None]):
        here = rows[rows["task"] == task] if task is not None else rows[rows["scope"] == MEAN]
        for row in each(here):
            _mark(axes, row, place)
    axes.axhline(len(tasks) - 0.5, color=style.GREY, linewidth=0.4, linestyle=":")
    axes.set_yticks(range(len(tasks) + 1), [*(names[task] for task in tasks), name_of_mean(MEAN, rows)])
    axes.set_ylim(len(tasks) + 0.6, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_title(f"{first['role'].capitalize()}: {judged_arm(rows)}", loc="left")


def _mark(axes: Axes, row: Any, place: int) -> None:
    if row.baseline != "each":
        y = place + 0.05 + 0.12 * (1 + list(MARKS).index(row.baseline))
        axes.plot([row.low, row.high], [y, y], color=style.GREY, linewidth=0.5, alpha=0.6)
        axes.plot(row.gain, y, MARKS[row.baseline], color=style.GREY, markersize=2.2)
        return
    colour = verdict_marks.VERDICTS[row.word][0]
    y = place - 0.15
    axes.plot(row.per_seed, np.full(len(row.per_seed), y - 0.17), ".", color=colour, markersize=2, alpha=0.5)
    axes.plot([row.low_simultaneous, row.high_simultaneous], [y, y], color=colour, linewidth=0.7)
    axes.plot([row.low, row.high], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(row.gain, y, linestyle="none", **verdict_marks.verdict_mark(row.word))
    if np.isfinite(row.pooled_gain):
        axes.plot([row.pooled_low, row.pooled_high], [y + 0.16, y + 0.16], color=style.INK, linewidth=0.5)
        axes.plot(row.pooled_gain, y + 0.16, POOLED, color=style.INK, markersize=3)
    axes.text(1.01, y, _note(row), transform=axes.get_yaxis_transform(), va="center")


def _note(row: Any) -> str:
    if not row.n:
        return "no test labels"
    if row.shortage:
        return f"{points(row.gain)}  {row.shortage}"
    if (word := shown_word(row)) == ALONE:
        return f"{points(row.gain)}  {word}"
    return f"{points(row.gain)} {interval(row.low, row.high)}".strip() + f"  {word}"


def _legend(rows: pd.DataFrame) -> list[Line2D]:
    others = [
        Line2D([], [], linestyle="none", marker=mark, color=style.GREY, markersize=2.5, label=f"against {name}")
        for name, mark in MARKS.items()
        if name in set(rows["baseline"])
    ]
    if rows["pooled_gain"].notna().any():
        others.append(
            Line2D([], [], marker=POOLED, color=style.INK, linewidth=0.5, markersize=3, label="partly pooled")
        )
    return verdict_marks.verdict_legend(list(rows["word"])) + others
