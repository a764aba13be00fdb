"""Which labels are there, and what failed?"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.formatting import agree, listing
from analysis.plots import style
from analysis.records.frames import each
from analysis.records.schema import Records

NUMBER, NAME = 13, "Coverage and failures"

LABELS, FAILURES = "labels", "failures"
SPLITS = ("development", "test")


def score(records: Records) -> pd.DataFrame:
    """Return rows of two kinds: labelled examples per task and split, lost replicas per phase, status and reason."""
    rows = []
    for place, task in enumerate(records.tasks.to_dict("records")):
        for split in SPLITS:
            total = int(task.get(f"num_{split}", 0))
            labelled = int(task.get(f"labelled_{split}", total))
            rows.append(
                {
                    "kind": LABELS,
                    "task": task["task"],
                    "order": place,
                    "split": split,
                    "count": labelled,
                    "total": total,
                }
            )
    replicas = records.replicas.drop_duplicates("replica")
    totals = replicas.groupby("phase").size().to_dict()
    lost = replicas[replicas["status"].isin(("diverged", "failed"))]
    for (phase, status, reason), group in lost.groupby(["phase", "status", "reason"], sort=True, dropna=False):
        facts = {"kind": FAILURES, "phase": phase, "status": status, "reason": reason or "no reason recorded"}
        rows.append(facts | {"count": len(group), "total": int(totals[phase])})
    columns = ["kind", "task", "order", "split", "phase", "status", "reason", "count", "total"]
    return pd.DataFrame(rows, columns=columns)


def table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``scores`` with their share of the total."""
    return scores.assign(share=scores["count"] / scores["total"].where(scores["total"] > 0))


def title(rows: pd.DataFrame) -> str:
    """Return a sentence: which tasks lack labels, and how many replicas were lost."""
    labels, lost = rows[rows["kind"] == LABELS], rows[rows["kind"] == FAILURES]
    partial = list(dict.fromkeys(labels.loc[labels["count"] < labels["total"], "task"]))
    count = int(lost["count"].sum())
    first = (
        f"{listing(partial)} {agree(len(partial), 'lacks', 'lack')} labels"
        if partial
        else "Every task is fully labelled"
    )
    second = (
        f"{count:,} {agree(count, 'replica', 'replicas')} failed or diverged"
        if count
        else "no replica failed or diverged"
    )
    return f"{first}; {second}"


def caption(rows: pd.DataFrame) -> str:
    """Return what is drawn, its units, n, intervals and selection rule."""
    return (
        "Left: share of the examples of each split that have a label of the task. Right: replicas that failed or "
        "diverged, if any did, by phase and reason (a count, not a sample: no interval). Lost draws rank last in the "
        f"selection; lost confirm seeds leave their pairs. {style.unprintable(rows['task'].dropna())}"
    ).strip()


def words(rows: pd.DataFrame) -> list[str]:
    """Return a line per task and split with its labels, and one per phase and reason with what was lost."""
    labels, lost = rows[rows["kind"] == LABELS], rows[rows["kind"] == FAILURES]
    return [
        f"{row.task}: {row.count:,} of {row.total:,} {row.split} examples are labelled"
        for row in labels[["task", "count", "total", "split"]].itertuples(index=False)
    ] + [
        f"{row.phase}, {row.reason}: {row.count:,} of {row.total:,} replicas"
        for row in lost[["phase", "reason", "count", "total"]].itertuples(index=False)
    ]


@style.styled
def figure(rows: pd.DataFrame) -> Figure:
    """Draw labels per task and split at the left, failures by reason at the right."""
    labels, lost = rows[rows["kind"] == LABELS], rows[rows["kind"] == FAILURES]
    tasks = list(labels["task"].drop_duplicates())
    width = style.DOUBLE_COLUMN if len(lost) else style.SINGLE_COLUMN
    drawn = style.canvas(width, 24 + 6 * max(len(tasks), len(lost), 3))
    panels = drawn.subplots(1, 2 if len(lost) else 1, squeeze=False)[0]
    _labels(panels[0], labels, tasks)
    if len(lost):
        _failures(panels[1], lost)
    style.headline(drawn, title(rows))
    return drawn


def _labels(axes: Axes, rows: pd.DataFrame, tasks: list[str]) -> None:
    names = style.labels(tasks)
    for place, split in enumerate(SPLITS):
        here = rows[rows["split"] == split].set_index("task").reindex(tasks)
        y = [number + 0.36 * (place - 0.5) for number in range(len(tasks))]
        colour = (style.GREY, "#b4b4b4")[place]
        axes.barh(y, 100 * here["share"].fillna(0), height=0.34, color=colour, label=split)
        for height, count in zip(y, here["count"], strict=True):
            axes.text(101, height, f"{count:,.0f}", va="center", fontsize=5.5)
    axes.set_yticks(range(len(tasks)), [names[task] for task in tasks])
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("labelled examples (%)")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)


def _failures(axes: Axes, rows: pd.DataFrame) -> None:
    keys = [f"{row.phase}: {row.reason}" for row in each(rows)]
    names = style.labels(keys, width=30)
    axes.barh(range(len(rows)), rows["count"], height=0.5, color=style.GREY)
    for place, row in enumerate(each(rows)):
        axes.text(row.count, place, f" {row.count:,} of {row.total:,}", va="center", fontsize=6)
    axes.set_yticks(range(len(rows)), [names[key] for key in keys])
    axes.set_ylim(max(len(rows), 3) - 0.5, -0.5)
    axes.set_xlim(0, 1.25 * float(rows["count"].max()))
    axes.set_xlabel("replicas")
