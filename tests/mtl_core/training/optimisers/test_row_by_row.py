"""A call for every row; test_optimiser.py, beside this file, holds the steps against torch.optim."""

from __future__ import annotations

import pytest
import torch

from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from tests.mtl_core.training.optimisers.test_small_rows import trained


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_small_rows_and_large_ones_take_the_same_steps(name: str) -> None:
    small, large = (trained(name, [1, 2, 3], [0, 0, 0], *made) for made in ((), (RowByRowOptimiser,)))
    torch.testing.assert_close(small, large, rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_a_row_has_the_same_bits_beside_others(name: str) -> None:
    together, alone = (trained(name, seeds, [4] * len(seeds), RowByRowOptimiser) for seeds in ([1, 2, 3], [3]))
    assert torch.equal(together[2], alone[0])
