"""Task descriptors, and what is made of them."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from mtl_core.layers.bank import SHARED, normal, private
from mtl_core.sharing.blocks.task_descriptors import TaskVectors, along, descriptor_matrix, invalid_descriptors

TASKS = ("cow", "ant", "bee")


def test_one_hot_descriptors_stay_with_the_name_of_a_task() -> None:
    straight, turned = descriptor_matrix(TASKS, None), descriptor_matrix(TASKS[::-1], None)
    assert straight.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert torch.equal(turned, straight.flip(0))


def test_a_users_vectors_come_in_the_order_of_the_tasks() -> None:
    vectors = {"ant": [1, 2], "bee": [3, 4], "cow": [5, 6]}
    assert descriptor_matrix(TASKS, vectors).tolist() == [[5, 6], [1, 2], [3, 4]]
    assert invalid_descriptors(TASKS, vectors) is None
    assert invalid_descriptors(TASKS, None) is None


@pytest.mark.parametrize(
    ("vectors", "complaint"),
    [
        ({"ant": [1.0], "cow": [1.0]}, "'bee'"),
        ({"ant": [1.0], "bee": [1.0], "cow": [1.0], "dog": [1.0]}, "'dog'"),
        ({"ant": [1.0, 2.0], "bee": [1.0], "cow": [1.0]}, "2 for 'ant'"),
        ({"ant": [], "bee": [], "cow": []}, "finite"),
        ({"ant": [1.0], "bee": [float("inf")], "cow": [1.0]}, "'bee' must"),
    ],
)
def test_unfit_ones_are_named(vectors: dict[str, list[float]], complaint: str) -> None:
    assert complaint in (invalid_descriptors(TASKS, vectors) or "")


def test_one_hot_vectors_are_private_copies_and_a_users_share_one_matrix() -> None:
    vectors = {"ant": [1.0, 2.0], "bee": [0.0, 1.0], "cow": [1.0, 0.0]}
    one_hot = TaskVectors("v", TASKS, None, 4, partial(normal, 1.0))
    assert (one_hot.weight.copies, one_hot.weight.shape) == (private(TASKS), (4,))
    given = TaskVectors("v", TASKS, vectors, 4, partial(normal, 1.0))
    assert (given.weight.copies, given.weight.shape) == ((SHARED,), (2, 4))
    weight = torch.randn(2, 1, 2, 4)
    expected = torch.einsum("tk,rko->rto", descriptor_matrix(TASKS, vectors), weight[:, 0])
    torch.testing.assert_close(given({given.weight: weight}), expected)


@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 3, 7, 4), -1), ((2, 3, 7, 4, 5, 6), 3), ((2, 3, 7, 5, 4), -1), ((2, 3, 7, 4), 3)]
)
def test_values_stand_along_the_feature_axis(shape: tuple[int, ...], axis: int) -> None:
    values, y = torch.randn(2, 3, 4), torch.zeros(shape)
    found = (y + along(values, y, axis)).movedim(axis, -1)
    assert torch.equal(found, values.view(2, 3, *[1] * (len(shape) - 3), 4).expand_as(found))
