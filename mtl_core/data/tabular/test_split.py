"""The test split of a table, by a column or at random, and groups of rows that must not be divided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mtl_core.data.remark import Remark
from mtl_core.data.splits import first_that_serves
from mtl_core.data.tabular.columns import Column
from mtl_core.errors import UserError
from mtl_core.randomness.seeding import generator

TEST_WORDS, OTHER_WORDS = (
    {"test", "true", "1"},
    {"train", "training", "validation", "val", "dev", "development", "false", "0"},
)
FEWEST_GROUPS = 3
FEW_GROUPS = 10


def group_numbers(column: Column) -> np.ndarray:
    """Return the number of every row's group.

    Raises:
        UserError: when a row has no group, or there are too few groups to train, validate and test on.
    """
    texts = column.texts()
    missing = [row for row, text in enumerate(texts) if text is None]
    if missing:
        found = f"names no group in row {missing[0] + 1}.{f' {column.note}' * bool(column.note)}"
        raise UserError(column.where, found, "Give every row a group.")
    names, numbers = np.unique(texts.astype(str), return_inverse=True)
    if len(names) < FEWEST_GROUPS:
        raise UserError(
            column.where, f"names {len(names)} groups.", f"Give at least {FEWEST_GROUPS}, or leave groups out."
        )
    return numbers


def remarks_on_labelled_groups(predicted: Sequence[Column], groups: np.ndarray | None) -> list[Remark]:
    """Return a remark on every target that is labelled in few groups.

    Raises:
        UserError: when a target has labels in fewer groups than there are parts to train, validate and test on.
    """
    remarks: list[Remark] = []
    if groups is None:
        return remarks
    for column in predicted:
        number = len(np.unique(groups[column.is_present]))
        if 0 < number < FEWEST_GROUPS:
            found = f"is labelled in {number} group{'s' * (number != 1)} only."
            advice = f"Label it in {FEWEST_GROUPS} or more, to train, validate and test on, or leave it out."
            raise UserError(column.where, found, advice)
        if 0 < number < FEW_GROUPS:
            found = f"Task {column.name!r} is labelled in {number} groups only"
            text = f"{found}: its splits differ little, and its intervals say less than they seem to."
            remarks.append(Remark("few_groups", column.name, text))
    return remarks


def test_rows(
    named: Column | np.ndarray | None,
    groups: np.ndarray | None,
    labelled: np.ndarray,
    share: float,
    seed: int,
    *,
    by_task: bool,
) -> np.ndarray:
    """Return the mask of the test rows: those of a file, those that a column marks, or a random share of all.

    Args:
        named: mask of the rows of a test file, or the column that marks them; ``None``: they are drawn.
        groups: number of every row's group; ``None``: there are no groups.
        labelled: ``[n, t]``, which rows have a label of which task.
        share: of the rows, where they are drawn.
        seed: of the random order.
        by_task: whether the share is that of each task's own rows.

    Raises:
        UserError: as :func:`rows_named_for_test` and :func:`refuse_divided_groups` do.
    """
    if isinstance(named, np.ndarray):
        refuse_divided_groups("table: test", named, groups)
        return named
    if isinstance(named, Column):
        return rows_named_for_test(named, groups)
    if by_task and groups is None:
        return rows_drawn_by_task(labelled, share, seed)
    return rows_drawn_for_test(len(labelled), groups, share, seed, labelled)


def rows_named_for_test(column: Column, groups: np.ndarray | None) -> np.ndarray:
    """Return the mask of the rows that ``column`` marks for testing.

    Args:
        column: with values such as true or false, 1 or 0, test or train.
        groups: number of every row's group; ``None``: there are no groups.

    Raises:
        UserError: when a value has another meaning, no row or every row is marked, or a group is divided.
    """
    words = ["" if text is None else str(text).strip().lower() for text in column.texts()]
    unknown = [(row, word) for row, word in enumerate(words) if word not in TEST_WORDS | OTHER_WORDS]
    if unknown:
        found = f"holds {unknown[0][1][:40]!r} in row {unknown[0][0] + 1}"
        raise UserError(column.where, f"{found}.", "Write true or false, 1 or 0, test or train.")
    test = np.array([word in TEST_WORDS for word in words])
    if test.all() or not test.any():
        raise UserError(column.where, f"puts {'every row' if test.all() else 'no row'} to test.", "Name some.")
    refuse_divided_groups(column.where, test, groups)
    return test


def refuse_divided_groups(where: str, test: np.ndarray, groups: np.ndarray | None) -> None:
    """Refuse a group of which some rows, but not all, are in ``test``.

    Args:
        where: what names the rows, for the message.
        test: mask of rows.
        groups: number of every row's group; ``None``: there are no groups.

    Raises:
        UserError: with the first row of such a group.
    """
    if groups is not None and (both := np.intersect1d(groups[test], groups[~test])).size:
        row = int(np.flatnonzero(test & (groups == both[0]))[0])
        raise UserError(where, f"splits {len(both)} groups, that of row {row + 1} for one.", "Keep groups whole.")


def rows_drawn_by_task(labelled: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Return a random mask of about ``share`` of the rows of each task (``labelled``: [n t]), at least one of each."""
    chance, chosen = generator(seed, "test"), np.zeros(len(labelled), dtype=bool)
    for rows in map(np.flatnonzero, labelled.T):
        wanted = max(1, round(share * len(rows)))
        chosen[rows[torch.randperm(len(rows), generator=chance).numpy()[:wanted]]] = True
    return chosen


def rows_drawn_for_test(
    num_rows: int, groups: np.ndarray | None, share: float, seed: int, labelled: np.ndarray | None = None
) -> np.ndarray:
    """Return a random mask of about ``share`` of the rows, in whole groups; never all groups.

    Args:
        num_rows: of the table.
        groups: number of every row's group; ``None``: every row is its own.
        share: of the rows, between 0 and 1.
        seed: of the random order.
        labelled: ``[n, t]``, which rows have a label of which task.  An order that leaves a task without labels to test
            on, or without two groups of them to develop on, is drawn again where another order does not.
    """
    member = np.arange(num_rows) if groups is None else groups
    sizes = np.bincount(member)
    chance, wanted = generator(seed, "test"), max(round(share * num_rows), 1)
    if labelled is None:
        return _groups_to_test(sizes, wanted, chance)[member]
    with_labels = _groups_with_labels(member, len(sizes), labelled)
    return first_that_serves(
        lambda: _groups_to_test(sizes, wanted, chance), lambda chosen: _serves_every_task(chosen, with_labels)
    )[member]


def _groups_to_test(sizes: np.ndarray, wanted: int, chance: torch.Generator) -> np.ndarray:
    order = torch.randperm(len(sizes), generator=chance).numpy()
    taken_before = np.cumsum(sizes[order]) - sizes[order]
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order[: max(1, min(int((taken_before < wanted).sum()), len(sizes) - 2))]] = True
    return chosen


def _groups_with_labels(member: np.ndarray, num_groups: int, labelled: np.ndarray) -> np.ndarray:
    """Return ``[groups, t]``: which groups have a label of which task."""
    found = np.zeros((num_groups, labelled.shape[1]), dtype=bool)
    rows, tasks = labelled.nonzero()
    found[member[rows], tasks] = True
    return found


def _serves_every_task(chosen: np.ndarray, groups_with_labels: np.ndarray) -> bool:
    tested, learnt = groups_with_labels[chosen].sum(axis=0), groups_with_labels[~chosen].sum(axis=0)
    return bool((tested >= 1).all() and (learnt >= 2).all())
