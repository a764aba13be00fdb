"""Checks for leakage: a target among the inputs, and test rows that repeat development rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_core.data.tabular.columns import Column
from mtl_core.errors import UserError

LINEAR_CORRELATION = 1 - 1e-6
"""Absolute correlation above which an input counts as a linear function of a target."""
FEWEST_ROWS = 10
"""Smallest number of rows with both values on which an input and a target are compared."""


def refuse_copies(inputs: Sequence[Column], predicted: Sequence[Column]) -> list[str]:
    """Refuse an input that equals a target, and return remarks on inputs that are linear functions of one.

    Raises:
        UserError: when an input equals a target in every row; it names both columns.
    """
    remarks = []
    values = [(column, _comparable(column)) for column in inputs]
    for target in predicted:
        label = _comparable(target)
        for column, value in values:
            both = _present(value) & _present(label)
            if value.dtype != label.dtype or both.sum() < FEWEST_ROWS:
                continue
            if (value[both] == label[both]).all():
                advice = "Ignore one of them; a target among the inputs is predicted perfectly."
                raise UserError(column.where, f"equals the target {target.name!r} in every row.", advice)
            if value.dtype == np.float64 and _is_linear(value[both], label[both]):
                remarks.append(f"Column {column.name!r} is a straight line of the target {target.name!r}: a leak?")
    return remarks


def repeated_rows(inputs: np.ndarray, test: np.ndarray) -> list[str]:
    """Return a remark if test rows have the same inputs as development rows, else an empty list.

    Args:
        inputs: encoded inputs, rows × columns.
        test: mask of the test rows.
    """
    development = {row.tobytes() for row in inputs[~test]}
    repeated = sum(row.tobytes() in development for row in inputs[test])
    if not repeated:
        return []
    return [f"{repeated} of {int(test.sum())} test rows repeat the inputs of a row to develop on."]


def _comparable(column: Column) -> np.ndarray:
    return column.texts() if column.is_text else column.numbers()


def _present(values: np.ndarray) -> np.ndarray:
    return ~np.isnan(values) if values.dtype == np.float64 else np.array([value is not None for value in values])


def _is_linear(value: np.ndarray, label: np.ndarray) -> bool:
    value, label = value - value.mean(), label - label.mean()
    scale = np.sqrt((value @ value) * (label @ label))
    return bool(scale > 0 and abs(value @ label) / scale > LINEAR_CORRELATION)
