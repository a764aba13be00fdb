"""Hard parameter sharing, the multi-head network."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.recipe import Recipe
from tests.mtl_core.perceptrons import ALL, INPUTS, OPTIONS, inputs, network_of, outputs_of

WIDTH, STAGES = 8, 3


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_parameters_of_hard_sharing_are_counted_by_its_formula(depth: int, options: dict[str, Any]) -> None:
    recipe = Recipe(depth=depth, stages=STAGES, width=WIDTH, backbone_options=options)
    norm = 2 * WIDTH if options.get("norm") == "layer" else 0
    first, later = (INPUTS + 1) * WIDTH + norm, (WIDTH + 1) * WIDTH + norm
    heads = sum((WIDTH + 1) * task.num_outputs for task in ALL)
    layout = network_of(recipe).layout
    assert layout.count_shared() == first + (depth - 1) * later
    assert layout.size == first + (depth - 1) * later + len(ALL) * (STAGES - depth) * later + heads
    alone = network_of(Recipe(sharing="independent", stages=STAGES, width=WIDTH, backbone_options=options)).layout
    assert alone.count_shared() == 0
    assert alone.size == len(ALL) * (first + (STAGES - 1) * later) + heads


def test_hard_sharing_of_all_stages_is_the_multi_head_network() -> None:
    network = network_of(Recipe(depth=STAGES, stages=STAGES, width=WIDTH))
    outputs, theta = outputs_of(network, inputs())
    values = {slot.name: value.detach() for slot, value in theta.items()}
    for row in range(2):
        h = inputs()[row, 0]
        for level in range(STAGES):
            h = torch.relu(h @ values[f"stage{level}.weight"][row, 0] + values[f"stage{level}.bias"][row, 0])
        for bank, logits in zip(network.heads, outputs, strict=True):
            label = bank.weight.name.removesuffix(".weight")
            for place in range(len(bank.members)):
                expected = values[f"{label}.weight"][row, place] @ h.T + values[f"{label}.bias"][row, place][:, None]
                torch.testing.assert_close(logits[row, place], expected)
