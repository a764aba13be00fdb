"""Updates of all slots as one vector; test_optimiser.py, beside this file, holds them against torch.optim."""

from __future__ import annotations

import pytest
import torch

from mtl_core.training.optimisers.on_device import DeviceOptimiser
from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from tests.mtl_core.training.optimisers import test_optimiser
from tests.mtl_core.training.optimisers.test_optimiser import SETTINGS, trained

pytestmark = pytest.mark.usefixtures("double")

ALIKE = [{"weight_decay": 0.1, "momentum": 0.5}] * 3
WITHOUT_MOMENTUM = [{"weight_decay": 0.1, "momentum": 0.0}] * 3


@pytest.mark.parametrize("absent", [False, True], ids=["all present", "tasks absent"])
@pytest.mark.parametrize(
    "settings", [SETTINGS, ALIKE, WITHOUT_MOMENTUM], ids=["rows differ", "rows alike", "without momentum"]
)
@pytest.mark.parametrize("adaptive", [False, True], ids=["moments", "steps directly"])
@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_one_vector_is_updated_as_the_kernels_update_rows(
    name: str, adaptive: bool, settings: list[dict[str, float]], absent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_optimiser, "SETTINGS", settings)
    by_kernels = trained(RowByRowOptimiser, name, absent, adaptive=adaptive)
    at_once = trained(DeviceOptimiser, name, absent, adaptive=adaptive)
    for key, value in by_kernels.items():
        torch.testing.assert_close(at_once[key], value, rtol=1e-10, atol=1e-12)
