"""Weights that a study file gives to the examples and the classes of a table's targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from mtl_core.data.metrics import is_mean, metrics_of_kind
from mtl_core.data.row_parts import RowParts
from mtl_core.data.tabular.by_column import by_column
from mtl_core.data.tabular.column_names import nearest_name
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.targets import FEWEST_LABELS
from mtl_core.data.tabular.yaml_names import in_yaml
from mtl_core.data.task import BALANCED, Task
from mtl_core.errors import UserError

ClassWeight = Literal["balanced"] | dict[str, float]
WeightsIn = Literal["loss", "loss_and_metric"]
SMALLEST, LARGEST = 1e-6, 1e6
"""Range of weights above 0: beyond it float32 no longer tells the others apart."""


def example_weights(
    columns: Mapping[str, str], held: Mapping[str, Column], tasks: Sequence[Task], labels: np.ndarray, parts: RowParts
) -> np.ndarray | None:
    """Return the weight of every row in every task, [n t] float32; ``None`` where no column gives any.

    Args:
        columns: by task, the name of the column with its weights; a task without one has 1 in every row.
        held: columns by name.
        tasks: in the order of their labels.
        labels: [n t], NaN where a row has no label; such a row needs no weight, either.
        parts: what the rows are for.

    Raises:
        UserError: for weights that are missing, negative, too small or too large, and where too few are above 0.
    """
    if not columns:
        return None
    found = np.ones(labels.shape, dtype=np.float32)
    for place, task in enumerate(tasks):
        if task.name in columns:
            found[:, place] = _weights(held[columns[task.name]], task.name, ~np.isnan(labels[:, place]), parts)
    return found


def _weights(column: Column, task: str, labelled: np.ndarray, parts: RowParts) -> np.ndarray:
    if not column.is_number:
        raise UserError(column.where, "gives weights, but holds no numbers.", "Clean it, or name another column.")
    numbers = column.numbers()
    absent = np.flatnonzero(np.isnan(numbers) & labelled)
    if len(absent):
        found = f"gives {task!r} weights, and row {absent[0] + 1} has a label and no weight ({len(absent)} such rows)."
        raise UserError(column.where, found, "Fill them: 1 counts once, 0 not at all.")
    odd = np.flatnonzero(labelled & ~((numbers == 0) | ((numbers >= SMALLEST) & (numbers <= LARGEST))))
    if len(odd):
        found = f"gives weights, and row {odd[0] + 1} holds {numbers[odd[0]]:g} ({len(odd)} such rows)."
        raise UserError(column.where, found, f"A weight is 0, or a number from {SMALLEST:g} to {LARGEST:g}.")
    counted = labelled & (numbers > 0)
    if (learnt := int((counted & parts.learnt).sum())) < FEWEST_LABELS:
        found = f"leaves {task!r} {learnt} labels{parts.learnt_in_words} with a weight above 0."
        raise UserError(column.where, found, f"Give at least {FEWEST_LABELS}.")
    if not (counted & parts.judging).any():
        raise UserError(column.where, f"gives every label of {task!r} to test on the weight 0.", "Weigh some.")
    return np.where(np.isnan(numbers), 0.0, numbers).astype(np.float32)


def columns_with_weights(weight: str | None, weights: Mapping[str, str], targets: Sequence[str]) -> dict[str, str]:
    """Return the column with the weights of each target, by target; empty where there is none.

    Args:
        weight: column for all targets; ``None``: none.
        weights: columns by target, which go before the one for all.
        targets: names of the targets.

    Raises:
        UserError: when a pattern stands for no target, or two disagree about one.
    """
    every = {} if weight is None else dict.fromkeys(targets, weight)
    return every | by_column("weights", weights, targets, "the targets")


def with_class_weights(tasks: Sequence[Task], asked: ClassWeight | Mapping[str, ClassWeight] | None) -> list[Task]:
    """Return the tasks with the weights of their classes.

    Args:
        tasks: of all targets.
        asked: ``balanced`` for every task with classes, or what each is to have, by target or pattern: ``balanced``,
            or weights by class, 1 for classes that are not named.

    Raises:
        UserError: when there are no classes to weigh, a class is unknown, or a weight is out of range.
    """
    if asked is None:
        return list(tasks)
    by_name: Mapping[str, ClassWeight] = {"*": BALANCED} if isinstance(asked, str) else asked  # type: ignore[assignment]
    wanted = by_column("class_weight", by_name, [task.name for task in tasks], "the targets")
    classes = [task for task in tasks if task.name in wanted and task.num_classes > 1]
    numbers = [task for task in tasks if task.name in by_name and task.num_classes < 2]
    if numbers or not classes:
        named = f"{numbers[0].name!r} is {numbers[0].kind} and has" if numbers else "the targets that it names have"
        raise UserError("table: class_weight", f"{named} no classes.", "Use a weight column, or take it out.")
    return [_weighed(task, wanted[task.name]) if task in classes else task for task in tasks]


def _weighed(task: Task, asked: ClassWeight) -> Task:
    if asked == BALANCED:
        return replace(task, class_weight=BALANCED)
    where = f"table: class_weight.{task.name}"
    assert isinstance(asked, dict)
    for name, value in asked.items():
        if name not in task.classes:
            raise UserError(where, f"{name!r} is no class of it.", nearest_name(name, task.classes))
        if not SMALLEST <= value <= LARGEST:
            advice = f"Write a number from {SMALLEST:g} to {LARGEST:g}; to leave a class out, clear its labels."
            raise UserError(where, f"{name!r} has {value:g}.", advice)
    return replace(task, class_weight=tuple(float(asked.get(name, 1.0)) for name in task.classes))


def refuse_metrics_without_weights(tasks: Sequence[Task]) -> None:
    """Refuse metrics that examples cannot be weighed in: all but means over examples.

    Raises:
        UserError: naming those that could judge the task.
    """
    for task in tasks:
        if not is_mean(task.metric):
            means = ", ".join(name for name in metrics_of_kind(task.kind) if is_mean(name))
            found = f"{task.metric!r} judges {task.name!r}, and counts every example alike."
            advice = f"Write weights_in: loss, or metrics: {{{in_yaml(task.name)}: …}} with one of {means}."
            raise UserError("table: weights_in", found, advice)
