"""Targets of several numbers: columns such as ``y_img_*``, or a column of lists, that one task predicts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mtl_core.data.metrics import metric_named
from mtl_core.data.tabular.column_names import listed, refuse_unmatched, selected
from mtl_core.data.tabular.columns import Column
from mtl_core.data.task import Task
from mtl_core.errors import UserError

MOST_NUMBERS = 4_096
Vectors = Mapping[str, tuple[str, ...]]
"""Columns, or patterns of them, by the name of the task that predicts them."""


@dataclass(frozen=True)
class Joined:
    """Tasks of which some predict several columns.

    Args:
        tasks: in the order of their columns.
        order: places of the target columns, those of a vector next to each other.
        known: [n t], a number where a row has a label of the task, else NaN; an incomplete vector is no label.
    """

    tasks: tuple[Task, ...]
    order: list[int]
    known: np.ndarray


def columns_of_vectors(vectors: Vectors, names: Sequence[str], file: str) -> dict[str, list[str]]:
    """Return the columns of every vector, in the order of the file.

    Args:
        vectors: by the name of the task.
        names: of all columns.
        file: name of the file, for messages.

    Raises:
        UserError: when a pattern stands for no column, a vector has a single one, or two have one in common.
    """
    found: dict[str, list[str]] = {}
    owner: dict[str, str] = {}
    for name, patterns in vectors.items():
        where = f"table: vectors.{name}"
        refuse_unmatched("vectors", patterns, names, file)
        found[name] = selected(patterns, names)
        if name in names and name not in found[name]:
            raise UserError(where, f"{file} has a column of that name.", "Choose another name for the task.")
        if not 2 <= (number := len(found[name])) <= MOST_NUMBERS:
            advice = f"Name from 2 to {MOST_NUMBERS:,}, or take the vector out."
            raise UserError(where, f"{listed(patterns)} stand for {number} columns.", advice)
        for column in found[name]:
            if column in owner:
                raise UserError(where, f"{column!r} belongs to {owner[column]!r} already.", "Narrow a pattern.")
            owner[column] = name
    return found


def with_lists_apart(columns: Mapping[str, Column], vectors: Vectors) -> tuple[dict[str, Column], dict[str, list[str]]]:
    """Return the columns with one for every number of the lists that a vector names, and their names by source.

    Args:
        columns: of the file, by name.
        vectors: by the name of the task.

    Raises:
        UserError: when lists differ in length, hold no numbers, or their columns' names are taken.
    """
    wanted = {pattern for patterns in vectors.values() for pattern in patterns}
    found: dict[str, Column] = {}
    parts: dict[str, list[str]] = {}
    for name, column in columns.items():
        if name not in wanted or not _holds_lists(column.values.type):
            found[name] = column
            continue
        new = _numbers_apart(column)
        if taken := [part for part in new if part in columns]:
            raise UserError(column.where, f"would become {taken[0]!r}, which is a column already.", "Rename one.")
        found |= new
        parts[name] = list(new)
    return found, parts


def joined(tasks: Sequence[Task], labels: np.ndarray, vectors: Mapping[str, Sequence[str]]) -> Joined:
    """Return the tasks with one in the place of all columns of a vector.

    Args:
        tasks: one for every target column.
        labels: [n c], NaN where a row has no label.
        vectors: columns by the name of the task, of :func:`columns_of_vectors`.

    Raises:
        UserError: when a column of a vector is no regression, or its metric does not judge vectors.
    """
    place = {task.name: number for number, task in enumerate(tasks)}
    owner = {column: name for name, columns in vectors.items() for column in columns}
    found: list[Task] = []
    groups: list[list[int]] = []
    for number, task in enumerate(tasks):
        name = owner.get(task.name)
        if name is None:
            found.append(task)
            groups.append([number])
        elif vectors[name][0] == task.name:
            places = [place[column] for column in vectors[name]]
            found.append(_vector(name, [tasks[each] for each in places]))
            groups.append(places)
    known = np.stack([labels[:, group].sum(axis=1) for group in groups], axis=1)
    return Joined(tuple(found), [number for group in groups for number in group], known)


def _vector(name: str, tasks: Sequence[Task]) -> Task:
    first, where = tasks[0], f"table: vectors.{name}"
    for task in tasks:
        if task.kind != "regression":
            raise UserError(where, f"{task.name!r} is {task.kind}.", "Declare it regression, or take it out.")
        if task.metric != first.metric:
            found = f"{first.metric} judges {first.name!r}, and {task.metric} judges {task.name!r}."
            raise UserError(where, found, "Ask for one metric for all of them.")
        if task.loss != first.loss:
            raise UserError(
                where, f"{first.name!r} and {task.name!r} have other losses.", "Ask for one for all of them."
            )
    if not metric_named(first.metric).judges_vectors:
        raise UserError(where, f"{first.metric} judges single numbers.", "Ask for mse, mae or rmse.")
    return replace(first, name=name, num_targets=len(tasks))


def _holds_lists(stored: pa.DataType) -> bool:
    return pa.types.is_list(stored) or pa.types.is_large_list(stored) or pa.types.is_fixed_size_list(stored)


def _numbers_apart(column: Column) -> dict[str, Column]:
    lengths = set(pc.drop_null(pc.list_value_length(column.values)).to_pylist())  # pyright: ignore[reportAttributeAccessIssue]
    if len(lengths) != 1 or (length := lengths.pop()) < 2:
        raise UserError(column.where, "holds lists of different lengths, or of fewer than two.", "Make them alike.")
    found: dict[str, Column] = {}
    for place in range(length):
        values = pc.list_element(column.values, place)  # pyright: ignore[reportAttributeAccessIssue]
        new = Column(f"{column.name}: {place}", f"{column.where}, number {place}", values)
        if not new.is_number:
            raise UserError(column.where, f"holds lists of {values.type}.", "Only lists of numbers can be predicted.")
        found[new.name] = new
    return found
