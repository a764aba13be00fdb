"""The rows that validate where the user gave them: in what form the splits take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Task
from mtl_core.errors import UserError

SHARE = 0.2
"""Share of the pool that validates where seeds draw the rows."""


def given_validation(
    validates: np.ndarray | None, tasks: Sequence[Task], labels: np.ndarray
) -> tuple[torch.Tensor | None, float]:
    """Return the mask of the pool's examples that validate, and their share.

    Args:
        validates: mask of the pool's examples; ``None``: seeds draw them.
        tasks: in the order of their columns.
        labels: of the pool, [n c]; NaN without a label.

    Returns:
        ``None`` and the usual share where seeds draw the rows.

    Raises:
        UserError: when a task has no label to validate on, or none to train on.
    """
    if validates is None or not validates.any():
        return None, SHARE
    for task, columns in zip(tasks, columns_of(tasks), strict=True):
        known = ~np.isnan(labels[:, list(columns)]).any(axis=1)
        for rows, what in ((validates, "validate"), (~validates, "train")):
            if not (known & rows).any():
                advice = "Label some, or leave the task out."
                raise UserError("validation", f"task {task.name!r} has no label in the rows to {what} on.", advice)
    return torch.from_numpy(validates.copy()), float(validates.mean())
