"""The banks of heads: which tasks are together, and what each of them computes."""

from __future__ import annotations

import torch

from mtl_core.data.task import Task
from mtl_core.network.heads import HeadBank, banks_of
from tests.mtl_core.worlds import TASKS

PRICE, SOLD, GRADE, COLOUR = TASKS.values()
FEE, PLACE = Task("fee", "regression", "mse"), Task("place", "regression", "mse", num_targets=2)
FEATURES = 5


def theta(bank: HeadBank) -> dict:
    generator = torch.Generator().manual_seed(1)
    return {slot: torch.randn(2, len(slot.copies), *slot.shape, generator=generator) for slot in bank.slots}


def test_tasks_of_one_kind_and_size_are_in_one_bank() -> None:
    banks = banks_of([PRICE, SOLD, FEE, GRADE, COLOUR, PLACE], FEATURES)
    assert [bank.members for bank in banks] == [[0, 2], [1], [3], [4], [5]]
    assert [bank.weight.shape for bank in banks] == [(1, 5), (1, 5), (3, 5), (10, 5), (2, 5)]
    assert [[copy.name for copy in bank.weight.copies] for bank in banks[:2]] == [["price", "fee"], ["sold"]]


def test_a_head_is_shared_only_by_tasks_that_are_all_alike() -> None:
    (bank,) = banks_of([PRICE, FEE], FEATURES, shared=True)
    assert len(bank.weight.copies) == 1
    assert all(
        len(bank.weight.copies) == 1 and bank.weight.copies[0].users for bank in banks_of([PRICE, SOLD], 5, True)
    )


def test_each_head_is_an_affine_map_of_its_own_signal() -> None:
    banks = banks_of([PRICE, SOLD, FEE], FEATURES)
    generator = torch.Generator().manual_seed(2)
    common, own = (torch.randn(2, count, 7, FEATURES, generator=generator) for count in (1, 3))
    for bank in banks:
        values = theta(bank)
        for h in (common, own):
            outputs = bank(values, h)
            assert outputs.shape == (2, len(bank.members), 1, 7)
            for place, member in enumerate(bank.members):
                signal = h[:, min(member, h.shape[1] - 1)]
                weight, bias = values[bank.weight][:, place], values[bank.bias][:, place]
                torch.testing.assert_close(outputs[:, place], (signal @ weight.mT + bias.unsqueeze(1)).mT)


def test_columns_of_vectors_are_taken_together() -> None:
    regression, vector = banks_of([PRICE, PLACE, FEE], FEATURES)
    values = torch.arange(2 * 4 * 3.0).view(2, 4, 3)
    assert torch.equal(regression.of_columns(values), values[:, [0, 3]])
    assert torch.equal(vector.of_columns(values), values[:, 1:3].unsqueeze(1))
    (alone,) = banks_of([PRICE], FEATURES)
    assert torch.equal(alone.of_columns(values[:, :1]), values[:, :1])
