"""A check for inputs that alone predict a target almost perfectly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column
from mtl_core.data.task import Task

NEARLY_ALL = 0.95
"""Share of the variance, or of the errors of the most frequent class, beyond which an input alone may be a leak."""
MOST_ROWS = 5_000
"""Development rows that are looked at; of more, every k-th."""
FEWEST_ROWS = 100
NEAREST = 3
REPEATS = 10
"""Mean number of rows of a value from which on the values of an input are taken one by one."""
MOST_PAIRS = 20_000
"""Pairs of an input and a target beyond which, for the time that it takes, none is looked at."""


def one_input_leaks(
    inputs: Sequence[Column],
    tasks: Sequence[Task],
    labels: np.ndarray,
    development: np.ndarray,
    said: Sequence[Remark] = (),
) -> list[Remark]:
    """Return a remark on every input and target of which the input alone removes nearly all error.

    On half of the rows every value of the input gets the mean of its labels, or their most frequent class; of a number
    with many values those of the three nearest rows count.  A missing value is a value, too.  On the other half the
    errors are compared with those of a constant prediction.

    Args:
        inputs: columns to predict from.
        tasks: in the order of the labels; those that predict several numbers are not looked at.
        labels: ``[n, t]``, NaN without a label.
        development: mask of the rows to develop on; no other row is looked at.
        said: earlier remarks on leaks; pairs that they name are left out.
    """
    if len(inputs) * len(tasks) > MOST_PAIRS:
        found = f"{len(inputs):,} inputs were not tried one by one as predictors of {len(tasks):,} targets: too many."
        return [Remark("not_looked_at", "", found)]
    rows = np.flatnonzero(development)
    rows = np.random.default_rng(0).permutation(rows[:: -(-len(rows) // MOST_ROWS)])
    remarks = []
    for column in inputs:
        values = _values(column, rows)
        for task, label in zip(tasks, labels[rows].T, strict=True):
            known = ~np.isnan(label)
            if task.num_targets != 1 or known.sum() < FEWEST_ROWS or _is_said(column, task, said):
                continue
            explained = _explained(values[known], label[known].astype(np.float64), task, is_text=column.is_nominal)
            if explained > NEARLY_ALL:
                remarks.append(_remark(column, task, explained))
    return remarks


def _is_said(column: Column, task: Task, said: Sequence[Remark]) -> bool:
    return any(one.subject == column.name and f"the target {task.name!r}" in one.text for one in said)


def _remark(column: Column, task: Task, explained: float) -> Remark:
    what = "of the errors of the most frequent class" if task.has_classes else "of the variance"
    done = "removes" if task.has_classes else "explains"
    found = f"Column {column.name!r} alone {done} {explained:.1%} {what} of the target {task.name!r}: a leak?"
    return Remark("leak", column.name, f"{found} If it is known only with the target, name it under ignore.")


def _values(column: Column, rows: np.ndarray) -> np.ndarray:
    """Return the values of some rows as numbers, text as the numbers of its values; NaN where one is missing."""
    if not column.is_nominal:
        return column.numbers()[rows]
    texts = column.texts()[rows]
    numbers = {text: float(place) for place, text in enumerate(dict.fromkeys(texts)) if text is not None}
    return np.array([numbers.get(text, np.nan) for text in texts])


def _explained(values: np.ndarray, label: np.ndarray, task: Task, *, is_text: bool) -> float:
    """Return the share of a constant prediction's error that the values explain, learnt on one half of the rows."""
    half = len(values) // 2
    near = _rows_alike(
        values[:half], values[half:], one_by_one=is_text or len(np.unique(values)) * REPEATS < len(values)
    )
    learnt, judged = label[:half], label[half:]
    if task.has_classes:
        constant = np.bincount(learnt.astype(int)).argmax()
        votes = np.stack([near.sums((learnt == code).astype(float)) for code in np.unique(learnt)])
        predicted = np.where(near.counts > 0, np.unique(learnt)[votes.argmax(axis=0)], constant)
        before, after = (judged != constant).sum(), (judged != predicted).sum()
    else:
        mean = learnt.mean()
        predicted = np.where(near.counts > 0, near.sums(learnt) / np.maximum(near.counts, 1), mean)
        before, after = ((judged - mean) ** 2).sum(), ((judged - predicted) ** 2).sum()
    return float(1 - after / before) if before > 0 else 0.0


@dataclass(frozen=True)
class _RowsAlike:
    """For every judged row the learnt rows from ``first`` up to ``last``, excluded, in the order of their values."""

    order: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        return self.last - self.first

    def sums(self, numbers: np.ndarray) -> np.ndarray:
        """Return the sums of the learnt rows' numbers."""
        total = np.concatenate([[0.0], np.cumsum(numbers[self.order])])
        return total[self.last] - total[self.first]


def _rows_alike(learnt: np.ndarray, judged: np.ndarray, *, one_by_one: bool) -> _RowsAlike:
    """Return the learnt rows with the value of each judged row, or those nearest to it; NaN is a value."""
    order = np.argsort(learnt, kind="stable")  # NaN comes last, for searchsorted as well
    ordered = learnt[order]
    first, last = (np.searchsorted(ordered, judged, side=side) for side in ("left", "right"))
    if not one_by_one:
        present = len(learnt) - int(np.isnan(learnt).sum())
        wide = ~np.isnan(judged) & (last - first < NEAREST)
        low = np.clip(first - NEAREST // 2, 0, max(present - NEAREST, 0))
        first, last = np.where(wide, low, first), np.where(wide, np.minimum(low + NEAREST, present), last)
    return _RowsAlike(order, first, last)
