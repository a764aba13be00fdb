"""A task set of named arrays: what task sets from files of arrays and from a torch data set have in common."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from mtl_core.data.arrays.array_options import ArrayOptions
from mtl_core.data.arrays.input_array import InputArray, input_array
from mtl_core.data.arrays.named_arrays import NamedArrays, named_arrays
from mtl_core.data.arrays.target_arrays import target_columns
from mtl_core.data.examples import Examples
from mtl_core.data.files.given_validation import given_validation
from mtl_core.data.remark import Remark, ordered
from mtl_core.data.row_parts import EveryRowJudges, holdout, parts_of_rows
from mtl_core.data.tabular.by_column import by_column
from mtl_core.data.tabular.columns import Column
from mtl_core.data.tabular.declared_kinds import refuse_unknown_kinds
from mtl_core.data.tabular.made_columns import made_columns
from mtl_core.data.tabular.same_targets import remarks_on_same_targets
from mtl_core.data.tabular.table_facts import facts_of_columns
from mtl_core.data.tabular.table_inputs import origin_of
from mtl_core.data.tabular.table_targets import targets_of
from mtl_core.data.tabular.task_column import tasks_and_labels
from mtl_core.data.tabular.test_split import group_numbers, test_rows
from mtl_core.data.tabular.training_losses import with_training_losses
from mtl_core.data.tabular.vectors import joined
from mtl_core.data.task_set import Development, TaskSet
from mtl_core.errors import UserError


def task_set_of_arrays(
    arrays: Mapping[str, np.ndarray], options: ArrayOptions, where: str, name: str, design: EveryRowJudges = holdout
) -> TaskSet:
    """Return the task set of arrays.

    Args:
        arrays: by name; see :func:`mtl_core.data.arrays.named_arrays.named_arrays`.
        options: of the task set.
        where: where the arrays come from, for messages.
        name: of the task set.
        design: says whether every row judges; metrics and remarks then are of all rows.

    Raises:
        UserError: when an array or an option cannot be used.
    """
    found = named_arrays(arrays, where)
    asked = _present(options.targets, found) if options.targets == ArrayOptions.targets else options.targets
    columns, vectors = target_columns(found.targets, asked, options.missing, where)
    made = made_columns(columns, {}, vectors, where)
    kinds = by_column("kinds", made.with_kinds(options.kinds or {}), list(made.columns), where)
    refuse_unknown_kinds(kinds)
    predicted = list(made.columns.values())
    labelled = np.stack([column.is_present for column in predicted], axis=1)
    groups = None if found.groups is None else group_numbers(_groups(found.groups, where))
    test = test_rows(found.test, groups, labelled, options.test_share, options.seed, by_task=False)
    parts = parts_of_rows(test, groups, np.ones_like(test), design, is_drawn=found.test is None)
    targets = targets_of(predicted, parts, kinds, options.metrics or {}, options.order or {})
    targets = with_training_losses(targets, options.class_weight, options.losses or {})
    tasks, labels = tasks_and_labels(targets)
    whole = joined(tasks, labels, made.vectors)
    inputs = input_array(found.inputs, ~test, options.channels, f"{where}: x")
    labels = labels[:, whole.order]
    development, held_out = (_examples(inputs, labels, groups, rows) for rows in (~test, test))
    validating = None if found.validates is None else found.validates[~test]
    validates, share = given_validation(validating, whole.tasks, development.targets.numpy())
    pool = Development(
        whole.tasks,
        development,
        torch.from_numpy(inputs.standardise),
        validation_share=share,
        image=inputs.image,
        target_origin=origin_of([targets[place].origin for place in whole.order]),
        validates=validates,
        scale_by_channel=inputs.image is not None,
    )
    remarks: list[Remark] = [*found.remarks, *made.remarks, *remarks_on_same_targets(tasks, labels)]
    remarks += [remark for one in targets for remark in one.remarks]
    of_vectors = {column for own in made.vectors.values() for column in own}
    single = {column: values for column, values in made.columns.items() if column not in of_vectors}
    facts = facts_of_columns(single, kinds, targets, {}, {})
    return TaskSet(name, pool, held_out, {}, ordered(remarks), facts, test_is_drawn=found.test is None)


def _present(patterns: tuple[str, ...], found: NamedArrays) -> tuple[str, ...]:
    """Return those of the usual names that there are: ``y`` alone, ``y_…``, or both."""
    return tuple(one for one in patterns if one in found.targets or (one == "y_*" and set(found.targets) - {"y"}))


def _groups(groups: np.ndarray, where: str) -> Column:
    if groups.ndim != 1 or groups.dtype.kind not in "iuUS":
        found = f"has shape {list(groups.shape)} and type {groups.dtype}."
        raise UserError(f"{where}: groups", found, "Give a whole number or a text for each example.")
    columns, _ = target_columns({"groups": groups}, ("groups",), (), where)
    return columns["groups"]


def _examples(inputs: InputArray, labels: np.ndarray, groups: np.ndarray | None, rows: np.ndarray) -> Examples:
    return Examples(
        inputs=torch.from_numpy(inputs.rows[rows]),
        targets=torch.from_numpy(labels[rows]),
        groups=None if groups is None else torch.from_numpy(groups[rows].astype(np.int64)),
    )
