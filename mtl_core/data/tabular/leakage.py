"""Checks for leakage: a target among the inputs, and test rows that repeat development rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.columns import Column
from mtl_core.data.task import Task
from mtl_core.errors import UserError

LINEAR_CORRELATION = 1 - 1e-6
"""Absolute correlation above which an input counts as a linear function of a target."""
FEWEST_ROWS = 10
"""Smallest number of rows with both values on which an input and a target are compared."""
ROWS_LOOKED_AT = 500
"""Rows on which an order is looked for before all rows are sorted."""
FEWEST_REPEATS = 5
"""Smallest mean number of rows per value of an input that is compared with classes; fewer may agree by chance."""


def refuse_copies(inputs: Sequence[Column], predicted: Sequence[Column]) -> None:
    """Refuse an input that equals a target.

    Raises:
        UserError: when an input equals a target in every row; it names both columns.
    """
    for column, target, value, label in _pairs(inputs, predicted):
        if (value == label).all():
            advice = "Ignore one of them; a target among the inputs is predicted perfectly."
            raise UserError(column.where, f"equals the target {target.name!r} in every row.", advice)


def remarks_on_order(columns: Sequence[Column], predicted: Sequence[Column]) -> list[Remark]:
    """Return a remark on every column that is a straight line of a target, or orders the rows exactly as one does."""
    remarks = []
    for column, target, value, label in _pairs(columns, predicted, words=True):
        if value.dtype != np.float64:
            continue
        if is_linear(value, label):
            found = f"Column {column.name!r} is a straight line of the target {target.name!r}"
            remarks.append(Remark("leak", column.name, f"{found}: a leak?"))
        elif _in_one_order(value, label):
            found = f"Column {column.name!r} orders the rows exactly as the target {target.name!r} does"
            remarks.append(Remark("leak", column.name, f"{found}: a leak?"))
    return remarks


def _pairs(
    columns: Sequence[Column], predicted: Sequence[Column], *, words: bool = False
) -> Iterator[tuple[Column, Column, np.ndarray, np.ndarray]]:
    """Yield every column with every target that is stored alike, and the values of both where neither is missing.

    ``words``: also where one is text and the other numbers, with the places of the words in the order of the numbers.
    """
    values = [(column, value, _present(value)) for column in columns for value in (_comparable(column),)]
    for target in predicted:
        label = _comparable(target)
        known = _present(label)
        for column, value, present in values:
            both = present & known
            if both.sum() < FEWEST_ROWS:
                continue
            if value.dtype == label.dtype:
                yield column, target, *((value, label) if both.all() else (value[both], label[both]))
            elif words and value.dtype == np.float64:
                yield column, target, value[both], _ranks(label[both], value[both])
            elif words:
                yield column, target, _ranks(value[both], label[both]), label[both]


def refuse_recodings(inputs: Sequence[Column], tasks: Sequence[Task], labels: np.ndarray) -> list[Remark]:
    """Refuse an input with one value for every class of a task, and return remarks on inputs that determine a class.

    Args:
        inputs: columns to predict from.
        tasks: in the order of the labels.
        labels: ``[n, t]`` class numbers of classification tasks; NaN without a label.

    Raises:
        UserError: when an input is a target in other words; it names the column and the task.
    """
    remarks: list[Remark] = []
    if not any(task.has_classes for task in tasks):
        return remarks
    coded = [(column, _codes(column)) for column in inputs]
    coded = [(column, codes) for column, codes in coded if codes.max() < len(codes) / FEWEST_REPEATS]
    for task, label in zip(tasks, labels.T, strict=True):
        if not task.has_classes:
            continue
        for column, codes in coded:
            both = (codes >= 0) & ~np.isnan(label)
            if both.sum() < FEWEST_ROWS:
                continue
            pairs = _different(codes[both] * task.num_classes + label[both].astype(np.int64))
            values, classes = (len(_different(part)) for part in np.divmod(pairs, task.num_classes))
            if not values == len(pairs) <= both.sum() / FEWEST_REPEATS or classes < 2:
                continue
            if values == classes:
                found = f"has one value for each class of the target {task.name!r}: it is the target in other words."
                raise UserError(column.where, found, "Ignore one of them.")
            found = f"Column {column.name!r} gives the target {task.name!r} away in every row"
            remarks.append(Remark("leak", column.name, f"{found}: a leak?"))
    return remarks


def repeated_rows(inputs: np.ndarray, parts: RowParts, units: np.ndarray) -> list[Remark]:
    """Return a remark if rows that judge have the same inputs as rows that are learnt from, else an empty list.

    Where all rows judge, rows are compared that splits can separate: those of different groups.

    Args:
        inputs: encoded inputs, rows × columns.
        parts: what the rows are for.
        units: number of every row's group, or of the row; no split divides it.
    """
    if not parts.all_judge:
        development = {row.tobytes() for row in inputs[~parts.test]}
        repeated = sum(row.tobytes() in development for row in inputs[parts.test])
        found = f"{repeated} of {int(parts.test.sum())} test rows repeat the inputs of a row to develop on."
        return [Remark("repeated_rows", "", found)] if repeated else []
    holders: dict[bytes, set[int]] = {}
    for row, unit in zip(inputs, units.tolist(), strict=True):
        holders.setdefault(row.tobytes(), set()).add(unit)
    repeated = sum(len(holders[row.tobytes()]) > 1 for row in inputs)
    another = "another row" if len(np.unique(units)) == len(units) else "a row of another group"
    found = f"{repeated} of {len(inputs)} rows repeat the inputs of {another}: in different outer folds, one would be "
    return [Remark("repeated_rows", "", f"{found}learnt from where the other judges.")] if repeated else []


def _comparable(column: Column) -> np.ndarray:
    return column.texts() if column.is_nominal else column.numbers()


def _ranks(words: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return for every row the place of its word among all words, ordered by the mean of their numbers.

    Words that hardly repeat, which any numbers would order, all have place 0.
    """
    names, codes = np.unique(words.astype(str), return_inverse=True)
    if len(names) * FEWEST_REPEATS > len(words):
        return np.zeros(len(words))
    means = np.bincount(codes, numbers) / np.bincount(codes)
    return np.argsort(np.argsort(means))[codes].astype(np.float64)


def _codes(column: Column) -> np.ndarray:
    """Return a number for each different value, and -1 where one is missing."""
    values = _comparable(column)
    present, codes = _present(values), np.full(len(values), -1)
    known = values[present] if values.dtype == np.float64 else values[present].astype(str)
    codes[present] = np.unique(known, return_inverse=True)[1]
    return codes


def _different(codes: np.ndarray) -> np.ndarray:
    """Return the different values of whole numbers from 0 up, counting where that is faster than sorting."""
    return np.unique(codes) if codes.max() > len(codes) else np.flatnonzero(np.bincount(codes))


def _present(values: np.ndarray) -> np.ndarray:
    return ~np.isnan(values) if values.dtype == np.float64 else np.array([value is not None for value in values])


def is_linear(value: np.ndarray, label: np.ndarray) -> bool:
    """Return whether ``label`` is a straight line of ``value``, but for rounding."""
    value, label = value - value.mean(), label - label.mean()
    scale = np.sqrt((value @ value) * (label @ label))
    return bool(scale > 0 and abs(value @ label) / scale > LINEAR_CORRELATION)


def _in_one_order(value: np.ndarray, label: np.ndarray) -> bool:
    """Whether one rises, or falls, wherever the other rises, in enough rows that chance does not explain it.

    Either may have ties, as a rounded number, a rank or a class of a score has, if one of them determines the other:
    a flag that is never set in one class is no leak.
    """
    some = slice(None, None, max(len(value) // ROWS_LOOKED_AT, 1))
    if not _is_monotone(value[some], label[some]) or not _is_monotone(value, label):
        return False
    codes = [np.unique(one, return_inverse=True)[1] for one in (value, label)]
    different = [np.bincount(one) for one in codes]
    if any(len(value) - counts.max() < FEWEST_REPEATS for counts in different):
        return False
    return len(np.unique(codes[0] * len(different[1]) + codes[1])) == max(map(len, different))


def _is_monotone(value: np.ndarray, label: np.ndarray) -> bool:
    rises = (np.diff(label[np.lexsort((label, value))]) >= 0).all()
    return bool(rises or (np.diff(label[np.lexsort((-label, value))]) <= 0).all())
