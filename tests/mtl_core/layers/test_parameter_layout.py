"""The packed and the unpacked form of parameters, and their owners."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import SHARED, Copy, Slot, constant, private, uniform
from mtl_core.layers.parameter_layout import Layout

TASKS = ("a", "b", "c")
COMMON = Slot("stage0.weight", (SHARED,), (2, 3), uniform(1.0, 2, 3))
GROUPS = Slot("stage1.weight", (Copy("ab", frozenset("ab")), Copy("c", frozenset("c"))), (2,), uniform(1.0, 2))
BUFFER = Slot("norm.mean", (SHARED,), (3,), constant(0.5, 3), trained=False)
HEADS = Slot("head.weight", private(TASKS), (3,), uniform(1.0, 3))
LAYOUT = Layout((COMMON, BUFFER, GROUPS, HEADS), TASKS)


def test_trained_slots_come_first_and_sizes_add_up() -> None:
    assert LAYOUT.slots == (COMMON, GROUPS, HEADS, BUFFER)
    assert LAYOUT.sizes == [6, 4, 9, 3]
    assert (LAYOUT.size, LAYOUT.num_trained) == (22, 19)
    assert LAYOUT.count_shared() == 6 + 2


def test_packing_undoes_unpacking() -> None:
    flat = LAYOUT.initialise([0, 1, 2])
    parts = LAYOUT.unpack(flat)
    assert all(part.is_contiguous() for part in parts)
    assert torch.equal(LAYOUT.pack(parts), flat)
    trained = LAYOUT.unpack(flat[:, : LAYOUT.num_trained])
    assert len(trained) == 3
    assert all(torch.equal(one, other) for one, other in zip(trained, parts, strict=False))


def test_a_rows_initial_values_depend_on_its_seed_and_the_copys_name_alone() -> None:
    flat = LAYOUT.initialise([4, 5])
    assert torch.equal(LAYOUT.initialise([5, 6, 4])[[2, 0]], flat)
    alone = Layout((Slot("head.weight", private(("b",)), (3,), uniform(1.0, 3)),), ("b",)).initialise([4])
    heads = LAYOUT.unpack(flat)[2].view(2, 3, 3)
    assert torch.equal(alone[0], heads[0, 1])
    assert not torch.equal(heads[0, 0], heads[0, 1])
    assert (flat[:, -3:] == 0.5).all()


def test_leaves_share_memory_with_the_unpacked_parameters() -> None:
    parts = LAYOUT.unpack(LAYOUT.initialise([0, 1]))
    theta = LAYOUT.theta(parts)
    assert [theta[slot].requires_grad for slot in LAYOUT.slots] == [True, True, True, False]
    parts[0].fill_(7.0)
    assert theta[COMMON].shape == (2, 1, 2, 3)
    assert (theta[COMMON] == 7).all()


def test_a_gradient_has_every_trained_slot_and_each_rows_own_values() -> None:
    theta = LAYOUT.theta(LAYOUT.unpack(LAYOUT.initialise([0, 1])))
    objective = (theta[COMMON].square().sum(dim=(1, 2, 3)) * torch.tensor([1.0, 10.0])).sum()
    common, groups, heads = LAYOUT.gradient(objective, theta)
    torch.testing.assert_close(common, 2 * theta[COMMON].flatten(1) * torch.tensor([[1.0], [10.0]]))
    assert groups.shape == (2, 4)
    assert not groups.any()
    assert not heads.any()


def test_owners_are_all_tasks_single_tasks_and_groups() -> None:
    assert LAYOUT.owner_sets == tuple(map(frozenset, ("abc", "a", "b", "c", "ab")))
    assert LAYOUT.owners().tolist() == [0] * 6 + [4] * 2 + [3] * 2 + [1] * 3 + [2] * 3 + [3] * 3
    assert LAYOUT.segments() == [[(0, 0, 6)], [(2, 0, 3)], [(2, 3, 6)], [(1, 2, 4), (2, 6, 9)], [(1, 0, 2)]]
    present = torch.tensor([[True, False, False], [False, False, False]])
    assert LAYOUT.stepped(present).tolist() == [[True, True, False, False, True], [False] * 5]
    assert LAYOUT.users(GROUPS.copies[0]) == {"a", "b"}
    assert [LAYOUT.is_shared(copy) for copy in (SHARED, *GROUPS.copies)] == [True, True, False]
    assert LAYOUT.shared.tolist() == [True] * 8 + [False] * 11
    assert LAYOUT.shared.sum() == LAYOUT.count_shared()


def test_two_copies_of_one_name_in_slots_of_one_name_are_refused() -> None:
    with pytest.raises(AssertionError, match="share a name"):
        Layout((COMMON, COMMON), TASKS)
