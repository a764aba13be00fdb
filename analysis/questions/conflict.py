"""Do the tasks' gradients agree on what they share?  Cosines by stage over training, beside two halves of one task.

The numbers are those of :mod:`analysis.statistics.gradient_agreement`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter

from analysis.formatting import points, shared_stages
from analysis.plots import heatmap, style
from analysis.statistics.gradient_agreement import ALL, PAIR, RATIO, WITHIN, last_stage, score, table
from analysis.statistics.intervals import MIN_SEEDS

__all__ = ["NAME", "NUMBER", "caption", "figure", "score", "table", "title"]

NUMBER, NAME = 11, "Gradient conflict"

LINES = ((style.VERMILION, "o"), (style.PURPLE, "s"), (style.INK, "D"))
"""Colours and markers of the pairs of tasks that agree least."""
MOST_STAGES, MOST_NUMBERS, MOST_NAMES = 4, 8, 20
WIDE_RATIO = 30
SMALLEST_SCALE = 0.2
"""Cosine of the last colour of the matrix, at least."""


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: which tasks' gradients agree less than two halves of one task, if any do."""
    pairs = last_stage(rows)
    if pairs.empty or pairs["n"].max() < MIN_SEEDS:
        return "Agreement of the tasks' gradients by stage and epoch"
    apart = pairs[pairs["apart"]]
    if apart.empty:
        return "No two tasks were found whose gradients agree less than two halves of one task"
    first = (apart[apart["opposed"]] if apart["opposed"].any() else apart).iloc[0]
    names, others = f"{first['task']} and {first['other']}", len(apart) - 1
    more = f"; so do {others} more of {len(pairs)} pairs" if others else ""
    does = "agree less than two halves of one task"
    if first["opposed"]:
        return f"Gradients of {names} point against each other in the last shared stage ({_sizes(first)})"
    return f"Gradients of {names} {does} in the last shared stage ({_sizes(first)}){more}"


def _sizes(pair: pd.Series) -> str:
    return f"cosine {points(pair['mean'], sign=False, digits=2)}; halves {points(pair['within'], sign=False, digits=2)}"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    first, n = rows.iloc[0], int(rows["n"].max())
    several = len(rows.loc[rows["quantity"] == PAIR, ["task", "other"]].drop_duplicates())
    bars = "bars: 95% intervals from seeds (Student's t)" if n >= MIN_SEEDS else f"no intervals below {MIN_SEEDS} seeds"
    model = shared_stages(first["sharing"], first["depth"], first["stages"])
    return (
        f"Width {first['width']}, {model}. Cosine between the gradients of two tasks' unweighted losses on the "
        "parameters that they share in a stage, each on another half of a fixed batch of training examples, in "
        "evaluation mode. Grey: two halves of the same task, from the lowest task to the highest: what sampling noise "
        f"leaves of 1. Mean over n = {n} fresh seeds (confirm and verdict); {bars}. Title and matrix: mean over all "
        "probes; a pair is said to agree less where it lies below the halves of both its tasks, paired by seed, by "
        f"intervals simultaneous over {several} {'pair' if several == 1 else 'pairs'}. Norms: geometric mean. "
        "A diagnostic of training, and no cause: tasks may gain from each other while their gradients disagree. "
        f"Exploratory. {style.unprintable(rows['task'])}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per pair of tasks: their cosine in the last shared stage, beside that of two halves of one task."""
    return [f"{pair['task']} and {pair['other']}: {_sizes(pair)}" for _, pair in last_stage(rows).iterrows()]


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw above a panel per shared stage, below the ratio of norms and, of more than two tasks, all pairs at once."""
    found = rows[rows["quantity"] == WITHIN]
    stages = [stage for stage in found["stage"].drop_duplicates() if stage.startswith("stage")][-MOST_STAGES:]
    tasks = list(found.sort_values("task_order")["task"].drop_duplicates())
    names = style.labels(tasks, width=16)
    drawn = style.canvas(style.DOUBLE_COLUMN, 104 + max(0, 2.2 * (len(tasks) - 8)))
    grid = drawn.add_gridspec(2, 2 * len(stages), height_ratios=(1, 1 + max(0, 0.05 * (len(tasks) - 8))))
    shown = list(zip(last_stage(rows)["task"], last_stage(rows)["other"], strict=True))[: len(LINES)]
    panels: list[Axes] = []
    for place, stage in enumerate(stages):
        axes = drawn.add_subplot(grid[0, 2 * place : 2 * place + 2], sharey=panels[0] if panels else None)
        _over_training(axes, rows[(rows["stage"] == stage) & (rows["epoch"] != ALL)], shown, names)
        axes.set_title(_name(stage), loc="left")
        axes.tick_params(labelleft=not panels)
        panels.append(axes)
    panels[0].set_ylabel("cosine across halves")
    handles, labels = panels[-1].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower left", ncols=2, columnspacing=1.2)
    several = len(tasks) > 2
    below = drawn.add_subplot(grid[1, : len(stages) if several else 2 * len(stages)])
    _norms(below, rows[(rows["quantity"] == RATIO) & (rows["epoch"] != ALL) & rows["stage"].isin(stages)])
    if several:
        _matrix(drawn.add_subplot(grid[1, len(stages) :]), rows, tasks)
    style.headline(drawn, title(rows))
    return drawn


def _name(stage: str) -> str:
    return f"shared stage {int(stage.removeprefix('stage')) + 1}"


def _over_training(axes: Axes, rows: pd.DataFrame, shown: list[tuple[str, str]], names: dict[str, str]) -> None:
    within = rows[rows["quantity"] == WITHIN].groupby("epoch")["mean"].agg(["min", "max"]).dropna()
    axes.fill_between(within.index, within["min"], within["max"], color=style.FAINT, linewidth=0, zorder=0)
    axes.plot(
        within.index, within["min"], color=style.GREY, linewidth=0.7, linestyle="--", label="two halves of one task"
    )
    axes.plot(within.index, within["max"], color=style.GREY, linewidth=0.7, linestyle="--")
    pairs = dict(iter(rows[rows["quantity"] == PAIR].groupby(["task", "other"], sort=False)))
    for key, line in pairs.items():
        if key not in shown:
            axes.plot(line["epoch"], line["mean"], color=style.GREY, linewidth=0.4, alpha=0.6, zorder=1)
    for (colour, marker), key in zip(LINES, shown, strict=False):
        if key in pairs:
            line = pairs[key]
            label = " and ".join(names[task].replace("\n", " ") for task in key)
            bars = (line["high"] - line["mean"]).fillna(0)
            axes.errorbar(
                line["epoch"], line["mean"], yerr=bars, color=colour, marker=marker, label=label, markersize=3.2,
                elinewidth=0.8, zorder=3,
            )  # fmt: skip
    axes.axhline(0, color=style.INK, linewidth=0.6, zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("epoch")


def _norms(axes: Axes, rows: pd.DataFrame) -> None:
    stages = list(rows["stage"].drop_duplicates())
    for place, stage in enumerate(stages):
        line = rows[rows["stage"] == stage]
        bars = [(line["mean"] - line["low"]).fillna(0), (line["high"] - line["mean"]).fillna(0)]
        axes.errorbar(line["epoch"], line["mean"], yerr=bars, label=_name(stage), **style.series(place, len(stages)))
    axes.axhline(1, color=style.INK, linewidth=0.6)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5) if rows["high"].max() < WIDE_RATIO else (1,)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("epoch")
    axes.set_ylabel("largest over smallest norm")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if stages:
        axes.legend(loc="best", handletextpad=0.4)


def _matrix(axes: Axes, rows: pd.DataFrame, tasks: list[str]) -> None:
    """Draw the cosines in the last shared stage, the tasks' own halves on the diagonal."""
    last = last_stage(rows)
    within = rows[(rows["quantity"] == WITHIN) & (rows["epoch"] == ALL)]
    within = within[
        within["stage_order"] == (last["stage_order"].iloc[0] if len(last) else within["stage_order"].max())
    ]
    cells = np.full((len(tasks), len(tasks)), np.nan)
    for one, other, value in pd.concat([last, within])[["task", "other", "mean"]].itertuples(index=False):
        cells[tasks.index(one), tasks.index(other)] = cells[tasks.index(other), tasks.index(one)] = value
    few = len(tasks) <= MOST_NUMBERS
    names = list(style.labels(tasks, lines=1, width=16).values())
    values = pd.DataFrame(cells, index=names, columns=names)
    texts = values.map(lambda value: points(value, sign=False, digits=2)) if few else None
    shown = pd.Series(cells.ravel())
    limit = min(1.0, heatmap.robust_limit(shown, at_least=SMALLEST_SCALE))
    heatmap.draw(axes, values, texts, colours=style.DIVERGING, limits=(-limit, limit), text_size=5.5, square=True)
    heatmap.colour_bar(axes, shown)
    for text in axes.texts:
        across, down = text.get_position()
        text.set_fontweight("bold" if across == down else "normal")
    if len(tasks) > MOST_NAMES:
        axes.set(xticks=[], yticks=[])
    axes.tick_params(labelsize=6.5 if few else 5)
    for label in axes.get_xticklabels():
        label.set(rotation=40 if few else 90, ha="right" if few else "center")
    axes.set_title("last shared stage, mean over probes; bold: halves of one task", loc="right", fontsize=6.5)
