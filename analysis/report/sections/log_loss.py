"""What log loss says of classification tasks beside their own metric, and where it decides what that leaves open."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.formatting import named, with_interval
from analysis.questions import transfer
from analysis.records.frames import each
from analysis.records.schema import Records
from analysis.report.output.tables import Table
from analysis.statistics.evidence import SAME_PREDICTIONS
from analysis.statistics.intervals import MIN_SEEDS
from analysis.statistics.paired_gains import TASK
from analysis.statistics.proper_score import by_log_loss
from analysis.statistics.verdicts import TIE, UNDECIDED

KEPT = ["role", "arm", "task", "word", "gain", "low", "high", "low_simultaneous", "high_simultaneous", "n"]


def log_loss_rows(records: Records) -> pd.DataFrame:
    """Return the transfer question's rows of tasks against ``each``, judged by log loss; empty where it cannot be."""
    converted = by_log_loss(records)
    scores = pd.DataFrame() if converted is None else transfer.score(converted)
    if scores.empty:
        return pd.DataFrame()
    rows = transfer.table(scores)
    return rows[(rows["baseline"] == "each") & (rows["scope"] == TASK)]


def log_loss_table(rows: pd.DataFrame) -> list[Table]:
    """Return the verdicts by log loss as a table, if there are any.

    Args:
        rows: of :func:`log_loss_rows`.
    """
    if rows.empty:
        return []
    caption = (
        "Gain over tuned single-task networks in points of log-loss skill (0: class frequencies, 100: certain and "
        "right), 95% interval from seeds and test examples, n paired verdict seeds. A family of verdicts of its own; "
        "epochs and arms were chosen by the tasks' own metrics."
    )
    return [Table("log_loss", caption, rows[KEPT].rename(columns={"word": "verdict"}), title="Judged by log loss")]


def log_loss_sentences(rows: pd.DataFrame, own: pd.DataFrame, metrics: dict[str, str]) -> dict[str, str]:
    """Return one sentence by judged arm: which tasks log loss decides that their own metric leaves undecided.

    Args:
        rows: of :func:`log_loss_rows`.
        own: rows of the transfer question's table.
        metrics: name of every task's metric.
    """
    if rows.empty or own.empty:
        return {}
    open_ = own[(own["baseline"] == "each") & (own["scope"] == TASK) & (own["word"] == UNDECIDED)]
    found: dict[str, str] = {}
    for arm, undecided in open_.groupby("arm", sort=False):
        mine = rows[(rows["arm"] == arm) & rows["task"].isin(undecided["task"]) & (rows["n"] >= MIN_SEEDS)]
        decided = mine[mine["word"] != UNDECIDED]
        if len(decided):
            tasks = undecided[undecided["task"].isin(decided["task"])]
            found[str(arm)] = f"{_open(tasks, metrics)}; log loss, which sees how sure predictions are, decides: " + (
                f"{'; '.join(_decision(row) for row in each(decided))}."
            )
    return found


def _open(tasks: pd.DataFrame, metrics: dict[str, str]) -> str:
    names = list(tasks["task"])
    judges = named(list(dict.fromkeys(metrics[task].replace("_", " ") for task in names)))
    sentence = f"Judged by {judges}, {named(names)} {'is' if len(names) == 1 else 'are'} undecided"
    same = list(tasks.loc[tasks["shortage"] == SAME_PREDICTIONS, "task"])
    if same:
        of_some = "" if len(same) == len(names) else f" of {named(same)}"
        sentence += f" (both arms predict the same class for every test example{of_some})"
    return sentence


def _decision(row: Any) -> str:
    says = f"{row.task} shows {row.word}" if row.word == TIE else f"{row.task} is {row.word}"
    return f"{says}, {with_interval(row.gain, row.low, row.high)} points of log-loss skill"
