"""Section 1: for every judged arm, what each task wins or loses, and the word that it earned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.formatting import interval, judged_arm, points, with_interval
from analysis.importance import mean_of
from analysis.records.frames import each
from analysis.report.output.tables import Table
from analysis.statistics.looks import level_of
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK
from analysis.statistics.verdicts import (
    ADDED,
    ALONE,
    CANDIDATE,
    CHOSEN,
    HELPED,
    HELPED_BY_SHARING,
    HURT,
    HURT_BY_SHARING,
    REFERENCE,
    TIE,
    TRAINED_TOGETHER,
    TUNED_ALONE,
    shown_word,
)

SIGNS = {
    HELPED_BY_SHARING: ("▲", "helped"),
    HELPED: ("▲", "helped"),
    TRAINED_TOGETHER: ("△", "helped"),
    HURT_BY_SHARING: ("▼", "hurt"),
    HURT: ("▼", "hurt"),
    TUNED_ALONE: ("▽", "hurt"),
}
ROLES = {
    CHOSEN: "Chosen on validation",
    REFERENCE: "Judged beside it",
    CANDIDATE: "Checked candidate",
    ADDED: "Added later",
}
"""Role of a judged arm, as the page says it."""
NEUTRAL = {TIE: "■", ALONE: "■"}
Gaps = Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Chip:
    """A verdict as a coloured word: sign and word say what the colour (``tone``) says; ``remedy`` is what it needs."""

    word: str
    sign: str
    tone: str
    remedy: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table, as text."""

    name: str
    verdict: Chip
    gain: str
    interval: str
    n: int
    gap: str


@dataclass(frozen=True)
class Group:
    """The lines of one judged arm."""

    title: str
    rows: list[Row]
    note: str


def groups(transfer: pd.DataFrame, gaps: Gaps, beside: Mapping[str, str] | None = None) -> list[Group]:
    """One group per judged arm, from the table of the transfer question.

    Args:
        transfer: the table.
        gaps: of :func:`gap_changes`.
        beside: a further sentence by judged arm, for its note.
    """
    if transfer.empty:
        return []
    against_each = transfer[transfer["baseline"] == "each"]
    further = beside or {}
    return [_group(rows, gaps, further.get(str(arm), "")) for arm, rows in against_each.groupby("arm", sort=False)]


def gap_changes(overfitting: pd.DataFrame) -> Gaps:
    """(arm, task) → change of the gap in percent, from the table of the overfitting question."""
    rows = overfitting[overfitting["scope"] == TASK] if len(overfitting) else overfitting
    return {(row.arm, row.task): -100 * row.reduction_matched for row in each(rows)}


def tasks_table(transfer: pd.DataFrame, gaps: Gaps) -> Table:
    """The same as a table for files, with every digit."""
    rows = transfer[(transfer["baseline"] == "each") & (transfer["scope"] == TASK)] if len(transfer) else transfer
    keep = ["role", "arm", "task", "word", "gain", "low", "high", "low_simultaneous", "high_simultaneous", "n"]
    frame = rows.reindex(columns=keep).rename(columns={"word": "verdict"})
    frame["gap_change"] = [gaps.get((row.arm, row.task), np.nan) for row in each(rows)]
    caption = (
        f"Gain over tuned single-task networks in points of skill, {level_of(rows)} interval from seeds and test "
        "examples, n paired verdict seeds. Gap change: validation − training loss against the single-task network at "
        "equal training loss, in percent of the trivial predictor's loss (confirm seeds; negative: less overfitting)."
    )
    return Table("tasks", caption, frame)


def _group(rows: pd.DataFrame, gaps: Gaps, further: str) -> Group:
    tasks = rows[rows["scope"] == TASK].sort_values(["gain", "order"], ascending=[False, True])
    title = f"{ROLES[rows.iloc[0]['role']]}: {judged_arm(rows)}"
    note = f"{_note(tasks, rows[rows['scope'].isin((MEAN, EQUAL_MEAN))])} {further}".strip()
    return Group(title, [_row(row, gaps) for row in each(tasks)], note)


def _row(row: Any, gaps: Gaps) -> Row:
    return Row(
        name=row.task,
        verdict=chip_of(row),
        gain=points(row.gain),
        interval=interval(row.low, row.high) or "–",
        n=int(row.n),
        gap=points(gaps.get((row.arm, row.task), np.nan)),
    )


def chip_of(row: Any) -> Chip:
    """The verdict of one row of the transfer question's table; too few seeds earn no word."""
    word = shown_word(row)
    sign, tone = SIGNS.get(word, (NEUTRAL.get(word, "○"), "even"))
    return Chip(word, sign, tone, row.remedy)


def _named(means: pd.DataFrame) -> str:
    """What the first mean is called; where tasks have a stated importance, the mean of all alike stands before it."""
    if len(means) < 2:
        return "Mean over tasks"
    alike = means.iloc[1]
    return f"Mean over tasks {with_interval(alike['gain'], alike['low'], alike['high'])}; by their stated importance"


def _note(tasks: pd.DataFrame, mean: pd.DataFrame) -> str:
    """The mean over tasks, never alone."""
    gains = tasks.set_index("task")["gain"].dropna()
    if len(gains) < 2 or mean.empty:
        return ""
    one = mean.iloc[0]
    known = tasks[tasks["gain"].notna()]
    without = [mean_of(known[known["task"] != task], "gain") for task in gains.index]
    shown = f"{points(one['gain'])} {interval(one['low'], one['high'])}".strip()
    return (
        f"{_named(mean)} {shown}, median {points(float(gains.median()))}, worst task {gains.idxmin()} "
        f"{points(float(gains.min()))}; leaving one task out, the mean lies between {points(min(without))} and "
        f"{points(max(without))}."
    )
