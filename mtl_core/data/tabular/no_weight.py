"""Remarks on tasks and classes whose labels all weigh 0: no network learns them, and their metric may count them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts
from mtl_core.data.target_columns import columns_of
from mtl_core.data.task import Task

MOST_NAMES = 5


def remarks_on_no_weight(
    tasks: Sequence[Task], labels: np.ndarray, weights: np.ndarray, columns: Mapping[str, str], parts: RowParts
) -> list[Remark]:
    """Return a remark on every task that has labels to learn from, or classes that have, and none of a weight above 0.

    Args:
        tasks: in the order of their columns of labels.
        labels: [n c], NaN where a row has none.
        weights: [n t], of every row in every task.
        columns: by task, the name of the column with its weights.
        parts: what the rows are for.
    """
    learnt, found = labels[parts.learnt], []
    for place, (task, own) in enumerate(zip(tasks, columns_of(tasks), strict=True)):
        known = np.asarray(~np.isnan(learnt[:, [*own]]).any(axis=1))
        if task.name in columns and known.any():
            counted = known & (weights[parts.learnt, place] > 0)
            what = _without_weight(task, learnt[:, own.start], known, counted)
            found += [Remark("no_weight", columns[task.name], text) for text in _in_words(task, what, columns, parts)]
    return found


def _without_weight(task: Task, values: np.ndarray, known: np.ndarray, counted: np.ndarray) -> dict[str, int]:
    """Numbers of labels by class that has no weight; those of the task under an empty name where none has any."""
    if not counted.any():
        return {"": int(known.sum())}
    if not task.has_classes:
        return {}
    numbers = {name: int((values == code).sum()) for code, name in enumerate(task.classes)}
    weighed = {name for code, name in enumerate(task.classes) if (counted & (values == code)).any()}
    return {name: number for name, number in numbers.items() if number and name not in weighed}


def _in_words(task: Task, numbers: Mapping[str, int], columns: Mapping[str, str], parts: RowParts) -> Iterator[str]:
    if not numbers:
        return
    named = [f"{name!r} ({number:,})" for name, number in numbers.items() if name]
    more = f" and {len(named) - MOST_NAMES} more" if len(named) > MOST_NAMES else ""
    classes = f" of {'class' if len(named) == 1 else 'the classes'} {', '.join(named[:MOST_NAMES])}{more}"
    whose = classes if named else f" ({numbers['']:,})"
    yield (
        f"Task {task.name!r}: column {columns[task.name]!r} gives the weight 0 to every label{parts.learnt_in_words}"
        f"{whose}, so no network learns {'it' if len(numbers) == 1 else 'them'}. Give some of them a weight above 0; "
        f"if {'it is' if len(numbers) == 1 else 'they are'} not to be learnt, clear these labels or leave the task out."
    )
