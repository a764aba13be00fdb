"""The last bits of a sum over parts are those of every row alone."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.sum_of_parts import sum_of_parts


@pytest.mark.parametrize("number", [1, 2, 5, 6, 9, 12])
def test_a_row_has_the_same_bits_beside_any_number_of_others(number: int) -> None:
    parts = list(torch.rand(number, 40, generator=torch.Generator().manual_seed(number)))
    whole = sum_of_parts(parts)
    for rows in range(1, 40):
        assert torch.equal(sum_of_parts([part[:rows] for part in parts]), whole[:rows])


def test_it_is_the_sum() -> None:
    parts = torch.rand(7, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(sum_of_parts(list(parts)), parts.sum(dim=0))
