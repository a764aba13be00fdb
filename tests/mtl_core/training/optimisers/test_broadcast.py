"""Updates by broadcasting; test_optimiser.py, beside this file, holds them against torch.optim."""

from __future__ import annotations

import pytest
import torch

from mtl_core.training.optimisers.broadcast import BroadcastOptimiser
from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from tests.mtl_core.training.optimisers.test_optimiser import trained

pytestmark = pytest.mark.usefixtures("double")


@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_broadcasting_does_what_the_kernels_do(name: str, absent: bool) -> None:
    by_kernels = trained(RowByRowOptimiser, name, absent)
    by_broadcasting = trained(BroadcastOptimiser, name, absent)
    for key, value in by_kernels.items():
        torch.testing.assert_close(by_broadcasting[key], value, rtol=1e-10, atol=1e-12)
