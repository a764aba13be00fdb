"""Rotations: every task sees digits of its own, turned as its name says."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.data.splits import split
from mtl_core.errors import UserError
from mtl_core.tasks.rotations import Rotations, turn
from mtl_core.tasks.sources.digits import base_digits, development_and_test


def test_a_quarter_turn_moves_the_top_row_to_the_left_column() -> None:
    images = torch.rand(5, 8, 8)
    assert torch.equal(turn(images, 0), images)
    assert torch.equal(turn(images, 1)[:, :, 0], images[:, 0, :].flip(1))
    assert torch.equal(turn(images, 2), images.flip(1, 2))
    assert torch.equal(turn(images, 3)[:, :, 7], images[:, 0, :])
    assert torch.equal(turn(turn(images, 1), 3), images)


@pytest.mark.parametrize("seed", range(3))
def test_no_digit_is_seen_by_two_tasks_or_in_both_drawers(seed: int) -> None:
    own, own_test = Rotations(seed=seed).parts()
    development, test = (set(part.tolist()) for part in development_and_test(seed))
    seen, tested = (torch.cat(parts).tolist() for parts in (own, own_test))
    assert len(set(seen)) == len(seen) == 1000
    assert set(seen) <= development
    assert sorted(tested) == sorted(test)
    assert not set(seen) & set(tested)


@pytest.mark.parametrize("drawer", [0, 1])
def test_every_image_is_its_tasks_digit_turned_and_has_that_label_alone(drawer: int) -> None:
    source = Rotations()
    task_set = source.build()
    examples, parts = (task_set.development.examples, task_set.test)[drawer], source.parts()[drawer]
    images, labels = base_digits()
    assert len(examples) == sum(map(len, parts))
    assert ((~examples.targets.isnan()).sum(dim=1) == 1).all()
    for task, part in enumerate(parts):
        mine = ~examples.targets[:, task].isnan()
        assert torch.equal(examples.inputs[mine].reshape(-1, 8, 8), images[part].rot90(task, (1, 2)))
        assert torch.equal(examples.targets[mine, task], labels[part].float())


def test_sizes_are_dials_and_tests_are_of_equal_size() -> None:
    task_set = Rotations(num_examples=(80, 50, 300, 70)).build()
    assert (~task_set.development.examples.targets.isnan()).sum(dim=0).tolist() == [80, 50, 300, 70]
    assert (~task_set.test.targets.isnan()).sum(dim=0).tolist() == [150, 150, 150, 149]
    assert task_set.development.own_inputs
    assert task_set.development.image == (1, 8, 8)
    assert not task_set.development.standardise.any()
    assert [task.name for task in task_set.tasks] == ["turned 0", "turned 90", "turned 180", "turned 270"]
    assert [task.num_outputs for task in task_set.tasks] == [10] * 4


@pytest.mark.parametrize("seed", range(20))
def test_every_task_trains_and_validates_in_every_split(seed: int) -> None:
    development = Rotations(num_examples=(400, 300, 200, 50)).build().development
    for part in split(development, seed):
        assert (~development.examples.targets[part].isnan()).any(dim=0).all()


def test_the_fingerprint_follows_the_seed_and_nothing_else() -> None:
    first, again, other = (Rotations(seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    "num_examples", [(400, 300, 200), (400, 300, 200, 100, 50), (400, 300, 200, 49), (400, 300, 200, 299), (-1,) * 4]
)
def test_impossible_sizes_are_refused(num_examples: Any) -> None:
    with pytest.raises(UserError, match="num_examples"):
        Rotations(num_examples=num_examples)
    assert Rotations(num_examples=(400, 300, 200, 298)).build().test.inputs.shape == (599, 64)
