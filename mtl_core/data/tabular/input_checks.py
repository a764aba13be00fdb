"""The checks of a table's inputs against its targets and its splits, in one call each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
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
    parts: RowParts,
) -> list[Remark]:
    """Return remarks on inputs that may give a target away.

    Args:
        inputs: columns to predict from.
        candidates: the same, and columns that were left out of them.
        predicted: columns to predict.
        tasks: in the order of the labels.
        labels: ``[n, t]``, NaN without a label.
        parts: what the rows are for.

    Raises:
        UserError: when an input is a target.
    """
    refuse_copies(inputs, predicted)
    remarks = remarks_on_order(candidates, predicted) + refuse_recodings(inputs, tasks, labels)
    return remarks + one_input_leaks(inputs, tasks, labels, parts.learnt, remarks)


def remarks_on_repeats(encoded: Encoded, parts: RowParts, groups: np.ndarray | None = None) -> list[Remark]:
    """Return remarks on rows that judge and repeat, or nearly repeat, rows that are learnt from.

    Args:
        encoded: inputs of all rows.
        parts: what the rows are for.
        groups: number of every row's group, which no split divides; ``None``: every row is its own.
    """
    matrix = encoded.matrix()
    units = np.arange(len(matrix)) if groups is None else groups
    standardise = np.array(encoded.standardise)
    return repeated_rows(matrix, parts, units) + near_duplicates(matrix, standardise, parts, units)
