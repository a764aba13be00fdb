"""Targets that are one: equal, a straight line of each other, or the same classes in other words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.tabular.leakage import FEWEST_ROWS, is_linear
from mtl_core.data.task import Task


def remarks_on_same_targets(tasks: Sequence[Task], labels: np.ndarray) -> list[Remark]:
    """Return a remark on every task that an earlier one determines: sharing is certain to help there.

    Args:
        tasks: in the order of the labels.
        labels: ``[n, t]`` numbers and class numbers; NaN without a label.
    """
    remarks = []
    for later, task in enumerate(tasks):
        for earlier, other in enumerate(tasks[:later]):
            both = ~np.isnan(labels[:, earlier]) & ~np.isnan(labels[:, later])
            if both.sum() < FEWEST_ROWS or task.has_classes != other.has_classes:
                continue
            first, second = (labels[both, place].astype(np.float64) for place in (earlier, later))
            if _same_classes(first, second) if task.has_classes else is_linear(first, second):
                found = f"Tasks {other.name!r} and {task.name!r} are one: each label follows from the other's"
                text = f"{found}. Sharing looks better than it is between them; leave one out."
                remarks.append(Remark("same_target", task.name, text))
                break
    return remarks


def _same_classes(first: np.ndarray, second: np.ndarray) -> bool:
    pairs = np.unique(np.stack([first, second]), axis=1)
    return bool(pairs.shape[1] == len(np.unique(first)) == len(np.unique(second)) > 1)
