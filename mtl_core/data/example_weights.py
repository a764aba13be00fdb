"""Weights of examples: by the user's columns, by class, or both, which multiply.

A training loss is the weighted mean of the examples' losses.  A step divides by the number of its labels and by the
mean weight on the training split, not by the sum of its own weights: so its gradient is on average that of the weighted
mean over the whole split, however the weights are spread over batches, and the same factor on all weights changes
nothing.  With whole numbers as weights that mean is the plain one with every example there so many times: a label of
weight 0 is none, neither among those that a step divides by nor for whether the step trains the task.

Source of balanced classes: G. King & L. Zeng, "Logistic regression in rare events data", Political Analysis 9, 2001.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import BALANCED, Task


def table_of_classes(tasks: Sequence[Task], targets: Float[Tensor, "n c"]) -> Float[Tensor, "t k"] | None:
    """Return the weight of every class of every task, 1 where none is asked for; ``None`` where no task asks.

    Balanced classes of k have n / (k n_class) each, so that each has the same total, and their mean weight is 1.

    Args:
        tasks: in the order of their columns.
        targets: of the training split; NaN where an example has no label.
    """
    if all(task.class_weight is None for task in tasks):
        return None
    table = torch.ones(len(tasks), max(task.num_classes for task in tasks))
    for row, task, columns in zip(table, tasks, columns_of(tasks), strict=True):
        if task.class_weight == BALANCED:
            values = targets[:, columns.start]
            counts = torch.bincount(values[~values.isnan()].long(), minlength=task.num_classes).double()
            found = counts.sum() / (counts > 0).sum() / counts
            row[: task.num_classes] = torch.where(counts > 0, found, 1.0).to(row)
        elif task.class_weight is not None:
            row[: task.num_classes] = torch.tensor(task.class_weight)
    return table


def weights_in_loss(
    tasks: Sequence[Task],
    targets: Float[Tensor, "n c"],
    weights: Float[Tensor, "n t"] | None,
    table: Float[Tensor, "t k"] | None,
) -> Float[Tensor, "n t"] | None:
    """Return the weight of every example in the loss of every task; ``None`` where all are alike.

    Args:
        tasks: in the order of their columns.
        targets: class numbers, or numbers; what stands for a missing label does not matter.
        weights: of the examples; ``None``: 1.
        table: of :func:`table_of_classes`.
    """
    if table is None:
        return weights
    first = [columns.start for columns in columns_of(tasks)]
    by_class = table.gather(1, class_numbers(targets[:, first].T, table)).T
    return by_class if weights is None else weights * by_class


def class_numbers(targets: Float[Tensor, "*a"], table: Float[Tensor, "*b k"]) -> Int[Tensor, "*a"]:
    """Return targets as columns of a table of classes, in which every row of a task without classes is all ones."""
    return targets.nan_to_num(0.0).clamp(0, table.shape[-1] - 1).long()


def weighted_mean(values: Float[Tensor, " n"], weights: Float[Tensor, " n"] | None) -> Float[Tensor, ""]:
    """Return the mean of ``values`` by ``weights``; NaN without any."""
    if weights is None:
        return values.mean()
    return ((values.double() * weights.double()).sum() / weights.double().sum()).to(values)


def contributions(values: Float[Tensor, " n"], weights: Float[Tensor, " n"] | None) -> Float[Tensor, " n"]:
    """Return the weighted mean plus what every example contributes to it: m + (w / w̄) (v − m), with mean m.

    The variance of these numbers over n is that of the weighted mean (a ratio of two means, linearised).

    Source: W. G. Cochran, "Sampling techniques", 3rd edition 1977, section 6.

    Args:
        values: of the examples.
        weights: of the examples; ``None``: all count alike, and the values are returned.
    """
    if weights is None or not len(values):
        return values
    shares = weights.double() / weights.double().mean()
    mean = (shares * values.double()).mean()
    return (mean + shares * (values.double() - mean)).to(values)
