"""What examples must be for their tasks: shapes that belong together, labels that the kinds admit, and real weights.

A class number that is none, or a weight that is no number, would not fail but train something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.examples import Examples
from mtl_core.data.kinds import kind_named
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Task

AT_ONCE = 16_384
"""Rows whose labels are checked at once: few enough for the processor's cache, in which this takes half as long."""


def refuse_odd_examples(tasks: Sequence[Task], examples: Examples) -> None:
    """Refuse examples that are none of the tasks; rows are counted from 0.

    Args:
        tasks: in the order of their columns.
        examples: with their targets and weights.

    Raises:
        ValueError: naming the task and the first row that is odd, or the shape.
    """
    rows, columns = len(examples) * examples.copies, sum(task.num_targets for task in tasks)
    if (found := examples.targets.shape[1]) != columns:
        raise ValueError(f"The tasks have {columns} targets, the examples {found} columns of them.")
    refuse_odd_lengths(rows, "examples", {"targets": examples.targets, "groups": examples.groups})
    _refuse_odd_labels(tasks, examples.targets)
    if examples.weights is not None:
        _refuse_odd_weights(tasks, examples.weights, rows)


def refuse_odd_lengths(length: int, what: str, parts: Mapping[str, Tensor | None]) -> None:
    """Refuse tensors that do not have one entry for each of ``length`` examples or columns.

    Args:
        length: how many there are.
        what: of what, in words.
        parts: by name; ``None``: there is none.

    Raises:
        ValueError: naming the tensor and its length.
    """
    for name, part in parts.items():
        if part is not None and len(part) != length:
            raise ValueError(f"{name} has {len(part)} entries for {length} {what}: give one for each.")


def _refuse_odd_labels(tasks: Sequence[Task], targets: Float[Tensor, "n c"]) -> None:
    alike: dict[tuple[str, int], list[tuple[int, Task]]] = {}
    for task, columns in zip(tasks, columns_of(tasks), strict=True):
        alike.setdefault((task.kind, task.num_classes), []).extend((column, task) for column in columns)
    for places in alike.values():
        task, columns = places[0][1], [column for column, _ in places]
        kind = kind_named(task.kind)
        for number, rows in enumerate(targets.split(AT_ONCE)):
            values = rows[:, columns]
            place = _first(~(kind.admits(task, values) | values.isnan()))
            if place is not None:
                row, column = place
                raise ValueError(
                    f"Task {places[column][1].name!r}: row {number * AT_ONCE + row} holds {values[row, column]:g}, and "
                    f"its labels are {kind.labels_in_words(task)}, with NaN for a missing one."
                )


def _refuse_odd_weights(tasks: Sequence[Task], weights: Float[Tensor, "n t"], rows: int) -> None:
    if tuple(weights.shape) != (rows, len(tasks)):
        wanted = [rows, len(tasks)]
        raise ValueError(f"weights have shape {list(weights.shape)}, and not {wanted}: a column for each task.")
    place = _first(~((weights >= 0) & (weights < torch.inf)))
    if place is not None:
        row, column = place
        raise ValueError(
            f"Task {tasks[column].name!r}: row {row} weighs {weights[row, column]:g}, and a weight is a finite number "
            f"from 0 up: 0 where a row does not count."
        )


def _first(odd: Bool[Tensor, "n c"]) -> tuple[int, int] | None:
    """Row and column of the first entry that is odd."""
    if not odd.any():
        return None
    row = int(odd.any(dim=1).nonzero()[0])
    return row, int(torch.nonzero(odd[row])[0])
