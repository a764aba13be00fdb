"""Long tables: a column says which task a row belongs to, and one target column holds the labels of all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from mtl_core.data.files.table_files import TASK
from mtl_core.data.metrics import MeanMetric, metric_named
from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.float32_columns import as_float32
from mtl_core.data.tabular.judged_numbers import judged_from
from mtl_core.data.tabular.number_text import numerically
from mtl_core.data.tabular.read_columns import FileColumns
from mtl_core.data.tabular.targets import FEWEST_RARER, Target
from mtl_core.data.task import Task
from mtl_core.errors import UserError

FEWEST_ROWS = 10
"""Fewest labelled rows of a task: with fewer nothing is left to validate or to test on."""
FEW_ROWS = 50
MOST_TASKS = 1000


@dataclass(frozen=True)
class RowTasks:
    """The task of every row.

    Args:
        names: of the tasks, as the column writes them; in the order of numbers where they are numbers.
        number: position of each row's task in ``names``; −1: the row belongs to a task that is left out, or to none
            since it has no label.
        remarks: on the tasks that are left out.
    """

    names: tuple[str, ...]
    number: np.ndarray
    remarks: list[Remark]

    @property
    def labelled(self) -> np.ndarray:
        """Boolean ``[n, t]``: the rows of each task."""
        return self.number[:, None] == np.arange(len(self.names))


def task_of_files(task: str | None) -> str:
    """Return the name of the column of tasks where each file is a task.

    Raises:
        UserError: when the study file names another column of tasks.
    """
    if task is not None:
        raise UserError("table: task", "each file of the folder is a task already.", "Take task out.")
    return TASK


def column_of_tasks(names: Sequence[str], file: FileColumns) -> Column:
    """Return the column that says from which file each row is.

    Raises:
        UserError: when the files have a column of that name.
    """
    if TASK in file.columns:
        found = f"is to hold the names of the files, and {file.name} have such a column."
        raise UserError(f"column {TASK!r}", found, "Rename it, or put all rows into one file and write task: task.")
    return Column(TASK, f"{file.name}: column {TASK!r}", pa.chunked_array([pa.array(names, pa.string())]))


def tasks_of_rows(column: Column, targets: Sequence[Column]) -> RowTasks:
    """Return the task of every row, by the value that ``column`` has there.

    Of several target columns none could hold the labels of all tasks, so there has to be one.  Tasks with fewer than
    :data:`FEWEST_ROWS` labels, or with one and the same label in all of them, are left out.

    Raises:
        UserError: when there are several targets, a row names no task, or fewer than two or more than
            :data:`MOST_TASKS` tasks are left.
    """
    target = targets[0]
    if len(targets) > 1:
        found = f"{len(targets)} are named, and with a column of tasks one holds the labels of all of them."
        raise UserError("table: targets", found, f"Name one, such as {target.name!r}.")
    texts, labels = column.texts(), target.texts()
    missing = [row for row, text in enumerate(texts) if text is None]
    if missing:
        raise UserError(column.where, f"names no task in row {missing[0] + 1}.", "Give every row a task.")
    names, of_row = np.unique(texts.astype(str), return_inverse=True)
    kept: list[str] = []
    number, remarks = np.full(len(texts), -1), []
    for place in sorted(range(len(names)), key=lambda place: numerically(names[place])):
        name, rows = str(names[place]), (of_row == place) & target.is_present
        reason = _why_left_out(labels[rows])
        if reason:
            found = f"Task {name!r} {reason}, and its rows are left out."
            remarks.append(Remark("task_left_out", name, found))
        else:
            number[rows] = len(kept)
            kept.append(name)
    if len(kept) < 2:
        found = f"leaves {len(kept)} of {len(names)} tasks with {FEWEST_ROWS} labels that differ."
        raise UserError(column.where, found, "Name the column that says which task a row belongs to.")
    if len(kept) > MOST_TASKS:
        found = f"names {len(kept):,} tasks."
        raise UserError(column.where, found, f"Give a column of at most {MOST_TASKS:,} values, or an input.")
    return RowTasks(tuple(kept), number, remarks)


def _why_left_out(labels: np.ndarray) -> str:
    if len(labels) < FEWEST_ROWS:
        return f"has {len(labels)} labels"
    return "has one and the same label in all rows" if len(set(labels)) == 1 else ""


def one_task_each(whole: Target, tasks: RowTasks, parts: RowParts, *, metric_is_asked: bool) -> list[Target]:
    """Return the target of every task: the labels of its own rows.

    All tasks are judged by one metric.  Where the smallest have too few labels of the rarer class for the metric that
    all rows together suggest, that is the Brier score, and a remark at the first task says so.

    Args:
        whole: the target of the column that holds the labels of all tasks.
        tasks: of the rows.
        parts: what the rows are for.
        metric_is_asked: whether the user chose the metric.

    Raises:
        UserError: when the user's metric is not known on a task's labels.
    """
    by_task = [_own_labels(whole, rows, parts) for rows in tasks.labelled.T]
    few = [name for name, (labels, _) in zip(tasks.names, by_task, strict=True) if not _is_known(whole.task, labels)]
    task, remarks = whole.task, whole.remarks
    if few:
        found = f"{len(few)} tasks, {few[0]!r} for one, have fewer than {FEWEST_RARER} labels outside one class"
        if metric_is_asked:
            raise UserError(f"table: metrics.{task.name}", f"{found}, and {task.metric} needs them.", "Choose brier.")
        task = replace(task, metric="brier")
        text = f"{found}, so the Brier score judges all tasks (brier)."
        remarks = [remark for remark in remarks if remark.kind != "common_class"]
        remarks.append(Remark("common_class", task.name, text))
    targets = []
    for name, (labels, origin) in zip(tasks.names, by_task, strict=True):
        own = judged_from(replace(task, name=name), origin)
        targets.append(Target(own, labels, origin, _remarks(name, labels, parts), whole.reason))
    return [replace(targets[0], remarks=remarks + targets[0].remarks), *targets[1:]]


def _own_labels(whole: Target, rows: np.ndarray, parts: RowParts) -> tuple[np.ndarray, float]:
    """Return the labels of a task's rows, NaN elsewhere, and their origin.

    Labels that differ little for their size have an origin of their own: those of other tasks may lie far from them.
    """
    if whole.numbers is not None:
        narrow = as_float32(np.where(rows, whole.numbers, np.nan), parts.development)
        if narrow is not None and narrow.origin:
            return narrow.values, narrow.origin
    return np.where(rows, whole.labels, np.nan).astype(np.float32), whole.origin


def _remarks(name: str, labels: np.ndarray, parts: RowParts) -> list[Remark]:
    number = int((~np.isnan(labels[parts.learnt])).sum())
    found = f"Task {name!r} has {number} labels{parts.learnt_in_words}; its interval will be wide."
    return [Remark("few_labels", name, found)] if number < FEW_ROWS else []


def _is_known(task: Task, labels: np.ndarray) -> bool:
    """Whether the metric of a task is known on these labels."""
    if not task.has_classes or isinstance(metric_named(task.metric), MeanMetric):
        return True
    counts = np.unique(labels[~np.isnan(labels)], return_counts=True)[1]
    return bool(counts.sum() - counts.max() >= FEWEST_RARER)


def tasks_and_labels(targets: Sequence[Target]) -> tuple[tuple[Task, ...], np.ndarray]:
    """Return the tasks of targets, and their labels ``[n, t]``."""
    return tuple(one.task for one in targets), np.stack([one.labels for one in targets], axis=1)
