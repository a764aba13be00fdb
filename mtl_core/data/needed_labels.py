"""Which examples the training and the validation part of a pool need some of each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.metrics import is_mean
from mtl_core.data.target_columns import columns_of, labels
from mtl_core.data.task import Task


def needed_labels(tasks: Sequence[Task], targets: Float[Tensor, "n c"]) -> Bool[Tensor, "n m"]:
    """Return masks of examples of which both parts of a pool need some: first the labels of each task.

    Behind them, for every classification task with a metric that is not known without a rarer class, its labels
    outside the most frequent one.

    Args:
        tasks: in the order of their columns.
        targets: NaN where an example has no label that counts.
    """
    masks = [labels(tasks, targets)]
    for task, columns in zip(tasks, columns_of(tasks), strict=True):
        if task.has_classes and not is_mean(task.metric):
            values = targets[:, [*columns]]
            known = values[~values.isnan()]
            masks.append(~values.isnan() & (values != (known.mode().values if len(known) else torch.nan)))
    return torch.cat(masks, dim=1)
