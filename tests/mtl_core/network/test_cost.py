"""Costs are measured on a small pass; here they are counted otherwise."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from mtl_core.network.cost import cost_of
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from tests.mtl_core.worlds import TASKS, development

NAMES = tuple(TASKS)
RECIPES = [
    Recipe(sharing=sharing, depth=depth, stages=stages, width=width, backbone_options=options)
    for sharing, depth in (("hard", 1), ("hard", 3), ("independent", None), ("single_task", None))
    for stages, width in ((1, 5), (3, 16))
    for options in ({}, {"norm": "layer", "residual": True})
]


def described(recipe: Recipe) -> str:
    return f"{recipe.sharing} {recipe.depth} {recipe.stages}x{recipe.width} {len(recipe.backbone_options)} options"


def names_for(recipe: Recipe) -> tuple[str, ...]:
    return NAMES[:1] if recipe.sharing == "single_task" else NAMES


@pytest.mark.parametrize(
    "recipe",
    [recipe for recipe in RECIPES if why_infeasible(recipe, development(names_for(recipe))) is None],
    ids=described,
)
def test_parameters_and_multiply_adds_are_those_of_the_network(recipe: Recipe) -> None:
    data = development(names_for(recipe))
    cost, network = cost_of(recipe, data), Network(recipe, data.tasks, data.shape)
    flat = network.layout.initialise([0, 1])
    assert cost.parameters_total == flat.shape[1]
    assert cost.parameters_shared == int(network.layout.shared.sum())
    theta, examples = network.layout.theta(network.layout.unpack(flat)), 7
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(theta, torch.randn(2, 1, examples, data.num_inputs))
    assert counter.get_total_flops() == 2 * cost.multiply_adds * 2 * examples


def test_costs_grow_with_what_makes_them_grow() -> None:
    def cost(**changes: Any) -> tuple[int, int, int]:
        found = cost_of(Recipe(**({"depth": 2, "stages": 3, "width": 32} | changes)), development())
        return found.parameters_total, found.multiply_adds, found.replica_bytes

    plain = cost()
    assert all(more > less for more, less in zip(cost(width=64), plain, strict=True))
    assert all(more > less for more, less in zip(cost(stages=4), plain, strict=True))
    assert all(more > less for more, less in zip(cost(depth=1), plain, strict=True))
    assert cost(batch_size=128)[:2] == plain[:2]
    assert cost(batch_size=128)[2] > plain[2]


def test_a_replica_holds_five_copies_of_its_parameters_and_its_activations() -> None:
    found = cost_of(Recipe(depth=2, stages=3, width=32, batch_size=1), development())
    assert found.replica_bytes >= 5 * 4 * found.parameters_total
    assert found.replica_bytes < 5 * 4 * found.parameters_total + 4 * 1000


def test_nothing_of_the_pass_is_left_in_memory() -> None:
    # A study asks for thousands of costs: each left its parameters and activations behind, in all half a gigabyte.
    def tensors() -> int:
        gc.collect()
        return sum(type(one) is torch.Tensor for one in gc.get_objects())

    recipe, data = Recipe(sharing="hard", depth=1, stages=2, width=8), development(NAMES)
    cost_of(recipe, data)  # what is kept once for all, such as constants
    before = tensors()
    cost_of(recipe, data)
    assert tensors() == before


def test_costs_are_those_of_float32() -> None:
    for width in (8, 1500):  # the second is counted without memory
        exact, rounded = (Recipe(depth=1, width=width, precision=name) for name in ("float32", "bf16"))
        assert cost_of(rounded, development(NAMES)) == cost_of(exact, development(NAMES))
