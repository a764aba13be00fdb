"""A network for every task in one loop, and networks that train alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.recipe import Recipe
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.worlds import development, own_inputs, rows

NAMES = ("price", "sold", "grade", "colour")
OPTIONS: list[dict[str, Any]] = [
    {},
    {"norm": "layer"},
    {"residual": True, "activation": "gelu"},
    {"norm": "layer", "residual": True, "activation": "tanh"},
]


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("options", [OPTIONS[0], OPTIONS[3]], ids=str)
@pytest.mark.parametrize(("width", "tolerance"), [(16, 0.0), (9, 1e-4)])
def test_independent_trains_what_single_task_networks_train_alone(
    width: int, tolerance: float, options: dict[str, Any], optimiser: str, dropout: float
) -> None:
    """Under native weights, full labels and no clipping, which would join the tasks' gradients.

    To the last bit where a copy fills whole SIMD registers; elsewhere the optimiser's kernels, which take all copies of
    a slot in one pass, round a copy's tail like its body or not, depending on how many copies follow.
    """
    settings = {"stages": 2, "width": width, "batch_size": 31, "epochs": 3, "scale": "native", "optimiser": optimiser}
    data, everyone = development(NAMES), rows(3, dropout=dropout)
    together = fit(Recipe(sharing="independent", backbone_options=options, **settings), data, everyone)
    for place, name in enumerate(NAMES):
        alone = fit(Recipe(sharing="single_task", backbone_options=options, **settings), data.only(name), everyone)
        for one, loop in zip(alone, together, strict=True):
            for curve in CURVES:
                found, expected = one.curves[curve][:, 0], loop.curves[curve][:, place]
                np.testing.assert_allclose(
                    found, expected, rtol=tolerance, atol=tolerance, err_msg=f"{curve} of {name}"
                )


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_small_task_with_inputs_of_its_own_takes_as_many_steps_alone_as_in_the_common_loop(dropout: float) -> None:
    """Hence the two train the same network to the last bit, whatever the sizes of the tasks; inputs are left as they
    are, for standardising rests on all tasks' examples in the loop and on the task's own alone."""
    settings = {"stages": 2, "width": 16, "batch_size": 16, "epochs": 3, "scale": "native"}
    data, everyone = own_inputs(sizes=(300, 100, 30)), rows(2, dropout=dropout)
    data = replace(data, standardise=torch.zeros_like(data.standardise))
    together = fit(Recipe(sharing="independent", **settings), data, everyone)
    for place, task in enumerate(data.tasks):
        alone = fit(Recipe(sharing="single_task", **settings), data.only(task.name), everyone)
        for one, loop in zip(alone, together, strict=True):
            found, expected = one.curves["validation_loss"][:, 0], loop.curves["validation_loss"][:, place]
            assert np.array_equal(found, expected), task.name
