"""The perceptron, against ordinary modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.recipe import Recipe
from tests.mtl_core.perceptrons import ALL, INPUTS, OPTIONS, inputs, network_of, outputs_of


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_stage_does_what_ordinary_modules_do(options: dict[str, Any]) -> None:
    network = network_of(Recipe(sharing="single_task", stages=2, width=INPUTS, backbone_options=options), ALL[:1])
    outputs, theta = outputs_of(network, inputs())
    values = {slot.name: value.detach() for slot, value in theta.items()}
    activation = {"gelu": torch.nn.functional.gelu, "tanh": torch.tanh}.get(options.get("activation", ""), torch.relu)
    h = inputs()[1, 0]
    for stage in ("stage0", "stage1"):
        new = h @ values[f"{stage}.weight"][1, 0] + values[f"{stage}.bias"][1, 0]
        if options.get("norm"):
            new = torch.nn.functional.layer_norm(
                new, (INPUTS,), values[f"{stage}.norm.gain"][1, 0], values[f"{stage}.norm.shift"][1, 0]
            )
        h = activation(new) + (h if options.get("residual") else 0)
    expected = values["head.regression1.weight"][1, 0] @ h.T + values["head.regression1.bias"][1, 0][:, None]
    torch.testing.assert_close(outputs[0][1, 0], expected)
