"""Symmetric: to mirror all canvases is to exchange the tasks."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor

from mtl_core.data.splits import split
from mtl_core.data.task_set import Examples
from mtl_core.errors import UserError
from mtl_core.tasks.symmetric import Symmetric, facing


def counted(inputs: Tensor, targets: Tensor) -> Counter[tuple[float, ...]]:
    return Counter(tuple(row) for row in torch.cat([inputs, targets], dim=1).tolist())


def mirrored(examples: Examples, rows: Tensor) -> Counter[tuple[float, ...]]:
    canvases = examples.inputs[rows].view(-1, 8, 12).flip(2).flatten(1)
    return counted(canvases, examples.targets[rows].flip(1))


def test_to_exchange_two_digits_is_to_mirror_the_canvas() -> None:
    left, right = torch.rand(5, 8, 8), torch.rand(5, 8, 8)
    assert torch.equal(facing(right, left), facing(left, right).flip(2))
    assert not torch.equal(facing(left, right), facing(left, right).flip(2))


@pytest.mark.parametrize("seed", range(3))
def test_training_validation_and_test_data_are_their_own_mirror_images_with_tasks_exchanged(seed: int) -> None:
    task_set = Symmetric(num_examples=400, num_test=200, seed=seed).build()
    pool = task_set.development.examples
    parts = [(task_set.test, torch.arange(200)), *((pool, part) for part in split(task_set.development, seed))]
    for examples, rows in parts:
        assert mirrored(examples, rows) == counted(examples.inputs[rows], examples.targets[rows])


def test_no_base_digit_is_on_both_sides_of_a_split_and_both_ways_of_a_pair_are_in_one_group() -> None:
    task_set = Symmetric().build()
    for examples, folds in ((task_set.development.examples, 10), (task_set.test, 50)):
        groups = examples.groups
        assert groups is not None
        assert len(groups.unique()) == folds
        assert torch.equal(groups[: len(groups) // 2], groups[len(groups) // 2 :])
        rights = [
            {tuple(row) for row in examples.inputs[groups == group].view(-1, 8, 12)[:, :, 8:].flatten(1).tolist()}
            for group in groups.unique()
        ]
        # the right digit's right half is its own; none but blank-like halves are met in two folds
        met = Counter(half for fold in rights for half in fold)
        assert sum(times > 1 for times in met.values()) < 0.01 * len(met)
    assert set(task_set.development.examples.groups.tolist()).isdisjoint(task_set.test.groups.tolist())  # pyright: ignore


def test_tasks_pixels_and_classes() -> None:
    task_set = Symmetric().build()
    assert [task.name for task in task_set.tasks] == ["left digit", "right digit"]
    assert (len(task_set.development.examples), len(task_set.test)) == (2000, 1000)
    assert task_set.development.image == (1, 8, 12)
    counts = [task_set.test.targets[:, task].long().bincount(minlength=10) for task in range(2)]
    assert torch.equal(counts[0], counts[1]), "both tasks meet the same digits as often"


def test_the_fingerprint_follows_the_seed() -> None:
    first, again, other = (Symmetric(seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(("option", "value"), [("num_examples", 18), ("num_examples", 21), ("num_test", 98)])
def test_a_number_that_cannot_be_is_refused(option: str, value: int) -> None:
    with pytest.raises(UserError, match=option):
        Symmetric(**{option: value})
