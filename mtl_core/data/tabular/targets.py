"""Target columns of a table: the kind and metric of each task, and its labels as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_core.data.kinds import kind_named, kind_of_classes
from mtl_core.data.metrics import MeanMetric, metric_named, metrics_of_kind
from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.columns import TARGET_KINDS, Column
from mtl_core.data.tabular.float32_columns import as_float32
from mtl_core.data.tabular.judged_numbers import judged_from, may_have_origin, refuse_what_a_metric_cannot_judge
from mtl_core.data.tabular.missing_codes import remarks_on_numbers
from mtl_core.data.tabular.missing_words import remarks_on_missing_words
from mtl_core.data.tabular.number_text import exact_text, numerically
from mtl_core.data.tabular.ordered_and_counted import COUNT, ORDINAL, in_order, refuse_what_is_no_count
from mtl_core.data.tabular.spellings import remarks_on_spellings
from mtl_core.data.task import Kind, Metric, Task
from mtl_core.errors import UserError
from mtl_core.registry import is_path

FEWEST_LABELS, FEW_LABELS = 20, 200
MOST_INTEGER_CLASSES, MOST_CLASSES = 10, 100
RARE = 0.2
"""Share of labels outside the most frequent class below which accuracy does not judge a task: it hardly changes."""
FEWEST_RARER = 10
"""Fewest labels outside the most frequent class for metrics that are not known without any."""


@dataclass(frozen=True)
class Target:
    """The task of a target column.

    Args:
        task: with its kind, metric and classes.
        labels: float32 ``[n]`` for all rows; NaN where missing.
        origin: what was subtracted from numbers in float64, see :mod:`mtl_core.data.tabular.float32_columns`.
        remarks: sentences for the user.
        reason: why the task is of its kind.
        numbers: the labels in float64 where an origin may be subtracted from them; ``None``: it may not.
    """

    task: Task
    labels: np.ndarray
    origin: float
    remarks: list[Remark]
    reason: str
    numbers: np.ndarray | None = None


def target(
    column: Column,
    asked: Kind | None,
    parts: RowParts,
    metric: Metric | None = None,
    order: Sequence[str] | None = None,
) -> Target:
    """Return the task of a target column, its labels for all rows, and remarks for the user.

    Args:
        column: the target.
        asked: kind that the user declared; ``None``: inferred.
        parts: what the rows are for.
        metric: metric that the user asked for; ``None``: chosen by the data.
        order: of an ordinal target's classes, lowest first; ``None``: that of the numbers that name them.

    Raises:
        UserError: when the column has too few labels to learn from or to test on, or does not fit its kind or metric.
    """
    kind, reason = (asked, "as asked") if asked else _infer(column)
    exact: np.ndarray | None = None
    said = "kind_as_asked" if asked else "kind_inferred"
    remarks = [Remark(said, column.name, f"Task {column.name!r} is {kind}: {reason}.")]
    if metric is not None:
        _refuse_unsuited(column, kind, metric)
    if not kind_named(kind).has_classes:
        numbers = column.numbers()
        task = Task(column.name, kind, metric or kind_named(kind).default_metric)
        _refuse_the_unlearnable(column, numbers, parts)
        remarks += remarks_on_numbers(column, numbers)
        narrow = as_float32(numbers, parts.development)
        if narrow is None:
            advice = "Subtract the smallest value before the file is written, choose another unit, or leave it out."
            raise UserError(column.where, "holds values that differ by less than a computer can tell.", advice)
        labels, origin = narrow.values, narrow.origin
        if kind == COUNT:
            refuse_what_is_no_count(column, numbers, origin)
        refuse_what_a_metric_cannot_judge(column, numbers, narrow, parts.learnt, task.metric)
        task = judged_from(task, origin)
        exact = numbers if kind != COUNT and may_have_origin(task.metric) else None
    else:
        if column.is_number:
            remarks += remarks_on_numbers(column, column.numbers(), are_classes=True)
        ordering = in_order(column, order) if kind == ORDINAL else numerically
        (task, codes), origin = _classes(column, kind, parts, remarks, metric, ordering), 0.0
        labels = codes.astype(np.float32)
    remarks += [] if parts.all_judge else _remarks_on_test_labels(column, labels[parts.test])
    num = int((~np.isnan(labels[parts.learnt])).sum())
    if num < FEW_LABELS:
        found = f"Task {column.name!r} has {num} labels{parts.learnt_in_words}; intervals will be wide."
        remarks.append(Remark("few_labels", column.name, found))
    return Target(task, labels, origin, remarks, reason, exact)


def _remarks_on_test_labels(column: Column, labels: np.ndarray) -> list[Remark]:
    known = labels[~np.isnan(labels)]
    if len(known) and (known == known[0]).all():
        found = f"Task {column.name!r} has one and the same value in all {len(known)} labelled test rows"
        text = f"{found}: nothing can be measured there. Choose other test rows."
        return [Remark("constant_test", column.name, text)]
    return []


def _infer(column: Column) -> tuple[Kind, str]:
    stored = column.kind(TARGET_KINDS)
    if stored == "boolean":
        return "binary", "true or false"
    if stored == "date":
        raise UserError(column.where, "is a date, and no task predicts dates.", "Turn it into a number, or ignore it.")
    if stored == "categorical":
        distinct = len({text for text in column.texts() if text is not None})
        return ("binary" if distinct <= 2 else "multiclass"), f"text with {distinct} different values"
    numbers = column.numbers()
    values = np.unique(numbers[~np.isnan(numbers)])
    if len(values) == 2:
        return "binary", f"two different numbers, {exact_text(values[0])} and {exact_text(values[1])}"
    if len(values) <= MOST_INTEGER_CLASSES and (values == np.round(values)).all():
        return (
            "multiclass",
            f"{len(values)} different whole numbers (declare it regression under kinds if they measure)",
        )
    return "regression", f"{len(values)} different numbers"


def _refuse_unsuited(column: Column, kind: Kind, metric: Metric) -> None:
    suited = metrics_of_kind(kind)
    if metric not in suited and not is_path("metrics", metric):
        found = f"{metric!r} does not judge {column.name!r}, which is {kind}."
        raise UserError("table: metrics", found, f"Use {', '.join(suited)}, or a path such as my_metrics:name.")


def _classes(
    column: Column,
    kind: Kind,
    parts: RowParts,
    remarks: list[Remark],
    asked: Metric | None,
    ordering: Callable[[str], Any],
) -> tuple[Task, np.ndarray]:
    texts = column.texts()
    counts = Counter(text for text in texts[parts.development] if text is not None)
    names = sorted(counts, key=ordering)
    remarks += remarks_on_spellings(column, names) + remarks_on_missing_words(column, counts)
    if len(names) > min(MOST_CLASSES, counts.total() / 2) and len(names) > 2:
        found = f"has {len(names)} classes in {counts.total()} labels."
        raise UserError(column.where, found, f"Give at most {MOST_CLASSES}, and two labels of each; or ignore it.")
    codes = {name: code for code, name in enumerate(names)}
    labels = np.array([codes.get(text, np.nan) for text in texts], dtype=np.float64)
    _refuse_the_unlearnable(column, labels, parts)
    if kind == "binary" and len(names) > 2:
        raise UserError(column.where, f"has {len(names)} different values.", "Declare it multiclass, or clean it.")
    if kind == ORDINAL and len(names) < 3:
        raise UserError(column.where, f"has {len(names)} classes, which have no order.", "Declare it binary.")
    remarks += _remarks_on_unseen_classes(column, {text for text in texts if text is not None} - set(names), parts)
    counts = Counter({name: int((labels[parts.learnt] == code).sum()) for name, code in codes.items()})
    rare = [name for name in names if counts[name] < 5]
    if rare:
        found = f"Task {column.name!r}: fewer than five labels{parts.learnt_in_words} for {', '.join(rare[:5])}."
        remarks.append(Remark("rare_class", column.name, found))
    rarer = counts.total() - max(counts.values())
    if asked and rarer < FEWEST_RARER and not isinstance(metric_named(asked), MeanMetric):
        found = f"{asked} needs {FEWEST_RARER} labels outside the most frequent class, and {column.name!r} has {rarer}."
        raise UserError("table: metrics", found, "Choose brier or log_loss, which are known without them.")
    metric = asked or _metric_of_classes(column, kind, counts, remarks)
    return Task(column.name, kind, metric, len(names), tuple(names)), labels


def _remarks_on_unseen_classes(column: Column, unseen: set[str], parts: RowParts) -> list[Remark]:
    if not unseen:
        return []
    shown = ", ".join(sorted(unseen)[:5])
    found = "only test rows show"
    if parts.all_judge:
        found = "none of the rows from which classes are taken, a random part of all, shows"
    text = f"Task {column.name!r}: {found} {shown}; these labels are left out."
    return [Remark("unseen_class", column.name, text)]


def _metric_of_classes(column: Column, kind: Kind, counts: Counter[str], remarks: list[Remark]) -> Metric:
    """Accuracy, or a metric that sees more where one class is so common that accuracy hardly changes."""
    rarer = counts.total() - max(counts.values())
    if rarer / counts.total() >= RARE or kind == ORDINAL:
        return kind_of_classes(kind).default_metric
    few = rarer < FEWEST_RARER
    metric, name = (
        ("brier", "the Brier score") if few or kind != "binary" else ("auroc", "the area under the ROC curve")
    )
    found = f"Task {column.name!r}: {1 - rarer / counts.total():.0%} of the labels are one class, so {name} judges it"
    advice = f"accuracy would hardly change. To have another, write metrics: {{{column.name!r}: f1}} under tasks."
    remarks.append(Remark("common_class", column.name, f"{found} ({metric}); {advice}"))
    return metric


def _refuse_the_unlearnable(column: Column, labels: np.ndarray, parts: RowParts) -> None:
    note = f" {column.note}" if column.note else ""
    learnt, tested = (labels[side][~np.isnan(labels[side])] for side in (parts.learnt, parts.judging))
    rows = "labelled rows" if parts.all_judge else "rows to develop on"
    if column.num_present == 0 or len(learnt) + len(tested) == 0:
        raise UserError(column.where, f"has no label at all.{note}", "Fill it, or leave it out of the targets.")
    if len(learnt) and (learnt == learnt[0]).all():
        found = f"has one and the same value in all {rows}.{note}"
        raise UserError(column.where, found, "Leave it out.")
    if len(learnt) < FEWEST_LABELS:
        raise UserError(
            column.where, f"has {len(learnt)} labels{parts.learnt_in_words}.{note}", f"Give at least {FEWEST_LABELS}."
        )
    if len(tested) == 0:
        raise UserError(column.where, f"has no label in the test rows.{note}", "Label some, or choose other test rows.")
