"""The split into training and validation examples, which depends on seed and pool alone, not on the chosen tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.data.task_set import Development
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator

MOST_ORDERS = 200
"""Orders of the groups that are tried before a task goes without labels in a part of the data."""
Mask = TypeVar("Mask")


def refuse_no_share(where: str, share: float) -> None:
    """Refuse a share that is not between 0 and 1.

    Args:
        where: name of the option, for the message.
        share: its value.

    Raises:
        UserError: when it leaves nothing on one side.
    """
    if not 0 < share < 1:
        raise UserError(where, f"is {share}.", "Choose a share between 0 and 1, both excluded.")


def split(development: Development, seed: int) -> tuple[Int[Tensor, " n_train"], Int[Tensor, " n_validation"]]:
    """Return the sorted positions in the pool of the training and of the validation examples of ``seed``.

    Groups stay whole: in random order they go to validation until its share of the examples is reached, and at least
    one group remains for training.  Without groups every example is a group of its own.
    An order that leaves a task without a label on one side is drawn again, up to :data:`MOST_ORDERS` times; where tasks
    have examples of their own and none serves all of them, each task's examples are divided for themselves.
    Examples that judge the networks of ``seed`` are in neither part.  Where the user gave the examples that validate,
    these do for every seed.

    Raises:
        UserError: when there are fewer than two groups, or the share is not between 0 and 1.
    """
    if development.validates is not None:
        return (~development.validates).nonzero().squeeze(1), development.validates.nonzero().squeeze(1)
    examples, share = development.examples, development.validation_share
    refuse_no_share("validation share", share)
    judged = development.is_judged(seed)
    pool = torch.arange(len(examples)) if judged is None else (~judged).nonzero().squeeze(1)
    if examples.groups is None:
        member, sizes = torch.arange(len(pool)), torch.ones(len(pool), dtype=torch.int64)
    else:
        _, member, sizes = torch.unique(examples.groups[pool], return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        what = "examples" if examples.groups is None else "groups"
        raise UserError(
            "development pool", f"has {len(sizes)} {what}.", "Give at least two, one to train, one to validate."
        )
    chance, wanted = generator(seed, "split"), round(share * len(pool))
    labels = development.labels_of_pool[pool]
    labels = labels[:, labels.sum(dim=0) > 1]  # no order serves a task with a single label
    validates = first_that_serves(
        lambda: _groups_that_validate(sizes, wanted, chance)[member], lambda mask: _both_have_labels(mask, labels)
    )
    if development.own_inputs and examples.groups is None and not _both_have_labels(validates, labels):
        validates = rank_in_task(labels, chance) < share
    return pool[~validates], pool[validates]


def rank_in_task(labels: Bool[Tensor, "n t"], chance: torch.Generator) -> Float[Tensor, " n"]:
    """Return where each example stands in a random order of its task's examples, in [0, 1) for first to last.

    Args:
        labels: which example belongs to which task; one that belongs to none has a rank among all.
        chance: decides the order.
    """
    ranks = torch.rand(len(labels), generator=chance)
    for members in labels.T:
        rows = members.nonzero().squeeze(1)
        ranks[rows[ranks[rows].argsort()]] = torch.arange(len(rows)) / max(len(rows), 1)
    return ranks


def first_that_serves(draw: Callable[[], Mask], serves: Callable[[Mask], bool]) -> Mask:
    """Return the first of up to :data:`MOST_ORDERS` drawn masks that serves every task; the first one if none does."""
    first = mask = draw()
    for _ in range(MOST_ORDERS - 1):
        if serves(mask):
            return mask
        mask = draw()
    return mask if serves(mask) else first


def _groups_that_validate(sizes: Int[Tensor, " groups"], wanted: int, chance: torch.Generator) -> Bool[Tensor, " g"]:
    order = torch.randperm(len(sizes), generator=chance)
    taken_before = sizes[order].cumsum(0) - sizes[order]
    count = int((taken_before < max(wanted, 1)).sum())
    validates = torch.zeros(len(sizes), dtype=torch.bool)
    validates[order[: min(count, len(sizes) - 1)]] = True
    return validates


def _both_have_labels(validates: Bool[Tensor, " n"], labels: Bool[Tensor, "n t"]) -> bool:
    return bool(labels[validates].any(dim=0).all() and labels[~validates].any(dim=0).all())


def nested_subset(train_index: Int[Tensor, " n"], fraction: float, seed: int) -> Int[Tensor, " m"]:
    """Return a sorted random share of ``train_index``; for one seed, a smaller share is a subset of a larger one.

    Raises:
        UserError: when the fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise UserError("train_fraction", f"is {fraction}.", "Choose a share above 0 and up to 1.")
    order = torch.randperm(len(train_index), generator=generator(seed, "train_fraction"))
    return train_index[order[: max(round(fraction * len(train_index)), 1)]].sort().values
