"""Copies, slots and initialisers of a bank."""

from __future__ import annotations

import torch

from mtl_core.layers.bank import SHARED, Slot, constant, mutual, normal, private, uniform

TASKS = ("a", "b", "c")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_copies_are_named_after_their_tasks_and_say_who_uses_them() -> None:
    assert SHARED.users is None
    assert [(copy.name, copy.users) for copy in private(TASKS)] == [(task, {task}) for task in TASKS]
    assert [(copy.name, copy.users) for copy in mutual(TASKS)] == [(task, None) for task in TASKS]


def test_slots_are_compared_by_identity_and_count_the_elements_of_one_copy() -> None:
    one, other = (Slot("weight", private(TASKS), (4, 5), constant(0.0, 4, 5)) for _ in range(2))
    assert one.numel == 20
    assert Slot("scale", (SHARED,), (), constant(1.0)).numel == 1
    assert one != other
    assert len({one: 1, other: 2}) == 2


def test_initialisers_draw_the_shape_and_the_distribution_that_they_name() -> None:
    assert torch.equal(constant(0.5, 2, 3)(generator()), torch.full((2, 3), 0.5))
    values = uniform(0.2, 100, 200)(generator())
    assert values.shape == (100, 200)
    assert values.abs().max() <= 0.2
    torch.testing.assert_close(values.std(), torch.tensor(0.2 / 3**0.5), rtol=0.02, atol=0)
    values = normal(0.3, 100, 200)(generator())
    torch.testing.assert_close(values.std(), torch.tensor(0.3), rtol=0.02, atol=0)
    assert values.mean().abs() < 0.01
    assert torch.equal(values, normal(0.3, 100, 200)(generator()))
