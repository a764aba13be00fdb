"""The optimiser suits the device and the size of the rows."""

from __future__ import annotations

import torch

from mtl_core.layers.bank import SHARED, Slot, uniform
from mtl_core.layers.parameter_layout import Layout
from mtl_core.training.optimisers.choice import optimiser_of
from mtl_core.training.optimisers.on_device import DeviceOptimiser
from mtl_core.training.optimisers.optimiser import Optimiser, start
from mtl_core.training.optimisers.row_by_row import RowByRowOptimiser
from mtl_core.training.optimisers.small_rows import LARGEST, SmallRowsOptimiser


def chosen(parameters: int, device: str = "cpu") -> type[Optimiser]:
    layout = Layout([Slot("only", (SHARED,), (parameters,), uniform(1, parameters))], ("a", "b"))
    rows = {name: value.to(device) for name, value in start(layout, 2).items()}
    return type(optimiser_of("adamw", layout, [torch.zeros(2, parameters, device=device)], rows, [{}, {}]))


def test_a_cpu_takes_small_rows_together_and_large_ones_one_by_one() -> None:
    assert chosen(LARGEST) is SmallRowsOptimiser
    assert chosen(LARGEST + 1) is RowByRowOptimiser


def test_another_device_updates_all_rows_at_once() -> None:
    assert chosen(10, "meta") is DeviceOptimiser


def test_captured_steps_take_no_number_from_the_host_on_a_cpu_either() -> None:
    layout = Layout([Slot("only", (SHARED,), (3,), uniform(1, 3))], ("a", "b"))
    made = optimiser_of("adamw", layout, [torch.zeros(2, 3)], start(layout, 2), [{}, {}], captured=True)
    assert type(made) is DeviceOptimiser
