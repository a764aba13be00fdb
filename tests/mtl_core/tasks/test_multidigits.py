"""MultiDigits: what is on the canvas, and that no base digit is on both sides of any cut."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.splits import split
from mtl_core.errors import UserError
from mtl_core.tasks.multidigits import NUM_FOLDS, NUM_TEST_FOLDS, MultiDigits, blend
from mtl_core.tasks.sources.digits import base_digits, development_and_test


def test_the_brighter_pixel_wins_and_the_right_digit_stands_four_columns_further() -> None:
    left, right = torch.rand(2, 5, 8, 8)
    canvas = blend(left, right)
    assert canvas.shape == (5, 8, 12)
    assert torch.equal(canvas[..., :4], left[..., :4])
    assert torch.equal(canvas[..., 8:], right[..., 4:])
    assert torch.equal(canvas[..., 4:8], torch.maximum(left[..., 4:], right[..., :4]))


def test_an_image_is_the_blend_of_its_pair_and_carries_its_labels() -> None:
    source = MultiDigits(num_examples=100)
    examples = source.build().development.examples
    images, labels = base_digits()
    chosen, folds = source.pairs(development_and_test(0)[0], 100, NUM_FOLDS, "development")
    assert torch.equal(examples.inputs, blend(images[chosen[:, 0]], images[chosen[:, 1]]).flatten(1))
    assert torch.equal(examples.targets, labels[chosen].float())
    assert examples.groups is not None
    assert torch.equal(examples.groups, folds)


@pytest.mark.parametrize("seed", range(5))
def test_base_digits_of_train_validation_and_test_are_disjoint(seed: int) -> None:
    source = MultiDigits(num_examples=1500, num_test=700, seed=seed % 2)
    development, test = development_and_test(seed % 2)
    chosen = source.pairs(development, 1500, NUM_FOLDS, "development")[0]
    train, validation = split(source.build().development, seed)
    sides = [
        set(chosen[train].flatten().tolist()),
        set(chosen[validation].flatten().tolist()),
        set(source.pairs(test, 700, NUM_TEST_FOLDS, "test")[0].flatten().tolist()),
    ]
    assert all(len(side) > 100 for side in sides)
    assert not (sides[0] & sides[1])
    assert not (sides[0] & sides[2])
    assert not (sides[1] & sides[2])


def test_no_canvas_of_the_test_split_shows_a_digit_of_the_pool() -> None:
    """The same claim read off the pixels alone: the left margin shows only the left digit."""
    task_set = MultiDigits(num_examples=400, num_test=200).build()
    images = base_digits()[0]
    development = development_and_test(0)[0]
    margins = {tuple(row.tolist()) for row in images[development][..., :4].flatten(1)}
    test_margins = [tuple(row.tolist()) for row in task_set.test.inputs.reshape(-1, 8, 12)[..., :4].flatten(1)]
    assert sum(margin in margins for margin in test_margins) <= 2  # Half an image may be equal by chance.


def test_sizes_are_dials_and_a_validation_split_is_two_folds() -> None:
    task_set = MultiDigits().build()
    assert len(task_set.development.examples) == 2000
    assert len(task_set.test) == 1000
    assert [len(part) for part in split(task_set.development, 7)] == [1600, 400]
    assert not task_set.development.standardise.any()
    assert [task.num_outputs for task in task_set.tasks] == [10, 10]
    assert len(MultiDigits(num_examples=123, num_test=77).build().test) == 77


def test_groups_of_development_and_test_have_different_numbers() -> None:
    task_set = MultiDigits(num_examples=60, num_test=60).build()
    development, test = task_set.development.examples.groups, task_set.test.groups
    assert development is not None
    assert test is not None
    assert not set(development.tolist()) & set(test.tolist())


def test_the_fingerprint_follows_the_seed_and_nothing_else() -> None:
    first, again, other = (MultiDigits(num_examples=50, seed=seed).build().fingerprint() for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("options", [{"num_examples": 9}, {"num_test": 49}, {"num_examples": -1}])
def test_too_few_images_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UserError, match=next(iter(options))):
        MultiDigits(**options)
