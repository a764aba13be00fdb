"""The target columns of each task, and which examples have a label of which task.

Most tasks have one column.  A task with a vector target has one column per number of the vector, next to each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task


def columns_of(tasks: Iterable[Task]) -> list[range]:
    """Return the target columns of every task, in the order of the tasks."""
    ends = list(itertools.accumulate((task.num_targets for task in tasks), initial=0))
    return [range(begin, end) for begin, end in itertools.pairwise(ends)]


def columns_of_only(tasks: Sequence[Task], names: Iterable[str]) -> list[int]:
    """Return the target columns of the tasks called ``names``, in the order of the names."""
    columns = dict(zip((task.name for task in tasks), columns_of(tasks), strict=True))
    return [column for name in names for column in columns[name]]


def targets_of(targets: Float[Tensor, "n c"], columns: range) -> Float[Tensor, " n *k"]:
    """Return one task's targets: ``[n]`` for a single number, ``[n, k]`` for a vector."""
    return targets[:, columns.start] if len(columns) == 1 else targets[:, columns.start : columns.stop]


def only_counted(
    tasks: Sequence[Task], targets: Float[Tensor, "n c"], weights: Float[Tensor, "n t"] | None
) -> Float[Tensor, "n c"]:
    """Return the targets with NaN for those that weigh 0: such a label is one that is there no times.

    Args:
        tasks: in the order of their columns.
        targets: of all examples.
        weights: of the examples in each task; ``None``: all count alike.
    """
    if weights is None or not (weights == 0).any():
        return targets
    counted = weights > 0
    by_column = [counted[:, place : place + 1].expand(-1, task.num_targets) for place, task in enumerate(tasks)]
    return torch.where(torch.cat(by_column, dim=1), targets, torch.nan)


def labels(tasks: Sequence[Task], targets: Float[Tensor, "n c"], dim: int = 1) -> Bool[Tensor, "n t"]:
    """Return the mask of examples with a label of each task; an incomplete vector is no label.

    Args:
        tasks: in the order of their columns.
        targets: NaN where a number is missing.
        dim: dimension of the columns.
    """
    known = ~targets.isnan()
    if known.shape[dim] == len(tasks):
        return known
    return torch.cat(
        [known.narrow(dim, columns.start, len(columns)).all(dim=dim, keepdim=True) for columns in columns_of(tasks)],
        dim=dim,
    )
