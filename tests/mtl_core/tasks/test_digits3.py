"""digits3: the three readings of a digit, and that no image is met twice."""

from __future__ import annotations

import pytest
import torch

from mtl_core.errors import UserError
from mtl_core.tasks.digits3 import Digits3, targets_of


def test_the_three_targets_of_every_digit() -> None:
    expected = [[0, 0, 0], [1, 0, 1], [0, 0, 2], [1, 0, 0], [0, 0, 1], [1, 1, 2], [0, 1, 0], [1, 1, 1], [0, 1, 2]]
    assert targets_of(torch.arange(9)).tolist() == expected


def test_no_image_is_in_both_drawers_and_none_is_there_twice() -> None:
    task_set = Digits3().build()
    development, test = task_set.development.examples.inputs, task_set.test.inputs
    assert (len(development), len(test)) == (1198, 599)
    assert len(torch.cat([development, test]).unique(dim=0)) == 1797


def test_tasks_and_pixels() -> None:
    task_set = Digits3(num_examples=200).build()
    assert [task.num_outputs for task in task_set.tasks] == [1, 1, 3]
    assert task_set.development.examples.inputs.max() <= 1
    assert not task_set.development.standardise.any()
    for task, column in zip(task_set.tasks, task_set.test.targets.T, strict=True):
        assert sorted(column.unique().tolist()) == list(range(task.num_classes))
        assert len(task.classes) == task.num_classes


def test_fewer_examples_are_some_of_the_same_and_the_test_split_stays() -> None:
    few, all_of_them = Digits3(num_examples=100).build(), Digits3().build()
    rows = {tuple(row.tolist()) for row in all_of_them.development.examples.inputs}
    assert all(tuple(row.tolist()) in rows for row in few.development.examples.inputs)
    assert torch.equal(few.test.inputs, all_of_them.test.inputs)


def test_the_fingerprint_follows_the_seed() -> None:
    first, again, other = (Digits3(seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("num_examples", [0, 49, 1199])
def test_a_size_that_cannot_be_is_refused(num_examples: int) -> None:
    with pytest.raises(UserError, match="num_examples"):
        Digits3(num_examples=num_examples)
