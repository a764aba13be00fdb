"""What an array is assembled from."""

from __future__ import annotations

import torch

from mtl_core.data.preprocessing import prepare
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.array_parts import ArrayParts, assemble
from mtl_core.training.fused_array import fresh_state
from tests.mtl_core.worlds import development, rows

RECIPE = Recipe(depth=1, stages=2, width=8)


def parts_of(number: int) -> ArrayParts:
    data, chosen = development(), rows(number)
    network = Network(RECIPE, data.tasks, data.shape)
    states = [fresh_state(RECIPE, network, row) for row in chosen]
    return assemble(RECIPE, data, network, chosen, states, [prepare(data, row.seed) for row in chosen])


def test_a_single_row_is_doubled() -> None:
    assert parts_of(3).seeds == [0, 1, 2]
    alone = parts_of(1)
    assert alone.seeds == [0, 0]
    assert len(alone.preparations) == 2
    assert torch.equal(alone.state["parameters"][0], alone.state["parameters"][1])


def test_the_layers_read_the_memory_that_training_updates() -> None:
    parts = parts_of(3)
    assert torch.equal(parts.network.layout.pack(parts.parameters), parts.state["parameters"])
    for part in parts.parameters:
        part.fill_(7.0)
    assert all((value == 7).all() for value in parts.theta.values())
    assert not (parts.state["parameters"] == 7).any()
