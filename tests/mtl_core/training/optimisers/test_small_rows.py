"""One call for all small rows; test_optimiser.py, beside this file, holds the steps against torch.optim."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import SHARED, Slot, private, uniform
from mtl_core.layers.parameter_layout import Layout
from mtl_core.training.optimisers.optimiser import Optimiser, start
from mtl_core.training.optimisers.small_rows import SmallRowsOptimiser

TASKS = ("a", "b")
LAYOUT = Layout(
    [
        Slot("stage0", (SHARED,), (3, 7), uniform(1, 3, 7)),
        Slot("stage1", private(TASKS), (7, 5), uniform(1, 7, 5)),
        Slot("head", private(TASKS), (5,), uniform(1, 5)),
    ],
    TASKS,
)


def trained(name: str, seeds: list[int], counts: list[int], made: type[Optimiser] = SmallRowsOptimiser) -> Tensor:
    """Parameters after five steps of rows that have taken so many before; gradients are the seeds' own."""
    rows = start(LAYOUT, len(seeds))
    rows["updates"] += torch.tensor(counts).unsqueeze(1)
    parameters = LAYOUT.unpack(LAYOUT.initialise(seeds))
    optimiser = made(name, LAYOUT, parameters, rows, [{"weight_decay": 0.1, "momentum": 0.9}] * len(seeds))
    for step in range(5):
        flat = [torch.randn(LAYOUT.size, generator=torch.Generator().manual_seed(9 * seed + step)) for seed in seeds]
        optimiser.step(LAYOUT.unpack(torch.stack(flat)), 0.01 * (1 + torch.tensor(seeds).double()))
    return LAYOUT.pack(parameters)


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_a_row_has_the_same_bits_beside_rows_that_are_younger(name: str) -> None:
    """Of equal age all rows go through one call, else each through its own; 87 parameters are no whole vectors."""
    together, apart = trained(name, [1, 2, 3], [4, 4, 4]), trained(name, [1, 2, 3], [4, 0, 4])
    alone = trained(name, [3], [4])
    assert torch.equal(together[0], apart[0])
    assert torch.equal(together[2], apart[2])
    assert torch.equal(together[2], alone[0])
    assert torch.equal(together[1], apart[1]) is (name == "sgd"), "Adam counts the steps"
