"""Outer folds of cross-fitting: every labelled example judges networks that have not seen it.

The rows of the pool and of the test split become one pool in K folds.  The networks of a seed belong to one fold: they
are searched, selected, trained and validated on the other folds and judged on that one.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from mtl_core.data.examples import Examples
from mtl_core.data.splits import first_that_serves, rank_in_task
from mtl_core.data.target_columns import columns_of, labels
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator


def with_outer_folds(task_set: TaskSet, folds: int, *, seed: int = 0) -> TaskSet:
    """Return the task set with all of its rows in one pool of ``folds`` outer folds, which is the test split, too.

    Folds are random, of nearly equal size, and keep groups whole.  An order that leaves a fold without a label of
    some task, or without one of its classes where there are enough of them, is drawn again.

    Args:
        task_set: with a test split that was drawn at random.
        folds: number of folds, at least 2.
        seed: of the random order.

    Raises:
        UserError: when the test split was not drawn at random, rows to validate on are given, only one part has groups
            or weights, or there are fewer groups than folds need.
    """
    if not task_set.test_is_drawn:
        found = f"the test split of {task_set.name} is given, and is no random draw of the rows."
        advice = (
            "Write holdout: with folds, rows that were set apart, such as the latest in time, would also train the "
            "networks that others judge. Random folds of all rows need a table without a test column."
        )
        raise UserError("evaluation.design: cross_fit", found, advice)
    if task_set.development.validates is not None:
        found = f"the rows to validate on are given for {task_set.name}, and with folds each seed has its own."
        raise UserError("evaluation.design: cross_fit", found, "Write holdout, or leave validation to the program.")
    pool = _joined(task_set)
    number = _fold_of_every_example(task_set, pool, folds, seed)
    return replace(task_set, development=replace(task_set.development, examples=pool, folds=number), test=pool)


def _joined(task_set: TaskSet) -> Examples:
    """The rows of both parts; what only one of them has would be lost without a word."""
    parts = (task_set.development.examples, task_set.test)
    joined = dict[str, Tensor | None]()
    for name in ("inputs", "targets", "groups", "weights"):
        own: list[Tensor | None] = [getattr(part, name) for part in parts]
        given = [values for values in own if values is not None]
        if len(given) == 1:
            has, lacks = ("development", "test") if own[0] is not None else ("test", "development")
            found = f"the {has} examples of {task_set.name} have {name}, and the {lacks} examples have none."
            raise UserError("evaluation.design: cross_fit", found, f"Give both parts {name}, or write holdout.")
        joined[name] = torch.cat(given) if given else None
    return replace(parts[0], **joined)


def _fold_of_every_example(task_set: TaskSet, pool: Examples, folds: int, seed: int) -> Int[Tensor, " n"]:
    if pool.groups is None:
        member, sizes = torch.arange(len(pool)), torch.ones(len(pool), dtype=torch.int64)
    else:
        _, member, sizes = torch.unique(pool.groups, return_inverse=True, return_counts=True)
    if len(sizes) < folds + 1:
        what = "rows" if pool.groups is None else "groups"
        raise UserError("evaluation.folds", f"{folds} folds of {len(sizes)} {what}.", "Ask for fewer folds.")
    chance, needed = generator(seed, "outer folds"), _needed_in_every_fold(task_set, pool, member, folds)

    def serves(number: Tensor) -> bool:
        return all(bool(needed[number == fold].any(dim=0).all()) for fold in range(folds))

    number = first_that_serves(lambda: _drawn(sizes, folds, chance)[member], serves)
    if task_set.development.own_inputs and pool.groups is None and not serves(number):
        labelled = labels(task_set.tasks, pool.targets)
        by_task = (labelled.int().argmax(dim=1) + rank_in_task(labelled, chance)).argsort()
        number[by_task] = torch.arange(len(pool)) % folds
    return number


def _drawn(sizes: Int[Tensor, " g"], folds: int, chance: torch.Generator) -> Int[Tensor, " g"]:
    """The fold of every group: in random order, each group to the fold that holds the fewest examples so far."""
    held, number = [0] * folds, torch.empty(len(sizes), dtype=torch.int64)
    for group in torch.randperm(len(sizes), generator=chance).tolist():
        smallest = min(range(folds), key=held.__getitem__)
        number[group] = smallest
        held[smallest] += int(sizes[group])
    return number


def _needed_in_every_fold(task_set: TaskSet, pool: Examples, member: Tensor, folds: int) -> Bool[Tensor, "n k"]:
    """Masks of examples of which every fold needs one: the labels of each task, and the examples of each class.

    What fewer groups have than there are folds cannot be in every fold, and is not asked for.
    """
    masks = []
    for task, columns in zip(task_set.tasks, columns_of(task_set.tasks), strict=True):
        values = pool.targets[:, columns[0]]
        masks.append(~values.isnan())
        masks += [values == code for code in range(task.num_classes)] if task.has_classes else []
    asked = [mask for mask in masks if len(member[mask].unique()) >= folds]
    return torch.stack(asked or [torch.ones(len(pool), dtype=torch.bool)], dim=1)
