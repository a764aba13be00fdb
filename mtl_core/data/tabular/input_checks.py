"""The checks of a table's inputs against its targets and its splits, in one call each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.encoding import Encoded
from mtl_core.data.tabular.leakage import refuse_copies, refuse_recodings, remarks_on_order, repeated_rows
from mtl_core.data.tabular.near_duplicates import near_duplicates
from mtl_core.data.tabular.one_input_leaks import one_input_leaks
from mtl_core.data.task import Task


def remarks_on_leaks(
    inputs: Sequence[Column],
    candidates: Sequence[Column],
    predicted: Sequence[Column],
    tasks: Sequence[Task],
    labels: np.ndarray,
    development: np.ndarray,
) -> list[Remark]:
    """Return remarks on inputs that may give a target away.

    Args:
        inputs: columns to predict from.
        candidates: the same, and columns that were left out of them.
        predicted: columns to predict.
        tasks: in the order of the labels.
        labels: ``[n, t]``, NaN without a label.
        development: mask of the rows to develop on.

    Raises:
        UserError: when an input is a target.
    """
    refuse_copies(inputs, predicted)
    remarks = remarks_on_order(candidates, predicted) + refuse_recodings(inputs, tasks, labels)
    return remarks + one_input_leaks(inputs, tasks, labels, development, remarks)


def remarks_on_repeats(encoded: Encoded, test: np.ndarray) -> list[Remark]:
    """Return remarks on test rows that repeat, or nearly repeat, rows to develop on.

    Args:
        encoded: inputs of all rows.
        test: mask of the test rows.
    """
    matrix = encoded.matrix()
    return repeated_rows(matrix, test) + near_duplicates(matrix, np.array(encoded.standardise), test)
