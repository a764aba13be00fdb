"""The task descriptor as a gate on pre-activations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import Theta
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import fresh, shaken
from tests.mtl_core.sharing.harness import (
    assert_rows_equal_plain,
    batch,
    network_for,
)
from tests.mtl_core.sharing.plain.multiplicative import Plain
from tests.mtl_core.worlds import TASKS

OPTIONS: list[dict[str, Any]] = [
    {},
    {"shift": True},
    {"descriptors": {"ant": [0.0, 1.0], "bee": [0.5, -0.5], "cow": [2.0, 1.0]}, "shift": True},
]
MIXED = tuple(TASKS.values())
"""Heads of four shapes, hence private ones."""
STAGES, WIDTH, INPUTS = 3, 4, 5


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", OPTIONS[:2], ids=["gate", "film"])
def test_rows_are_ordinary_networks(options: dict[str, Any]) -> None:
    assert_rows_equal_plain(Plain, network_for("multiplicative", **options), depth=None, **options)


def built(sharing: str, width: int, depth: int | None = None, **options: Any) -> Network:
    recipe = Recipe(
        sharing=sharing,
        depth=depth,
        stages=STAGES,
        width=width,
        backbone_options={"activation": "tanh"},
        sharing_options=options,
    )
    return Network(recipe, MIXED, (INPUTS,))


def with_block_gates(source: Network, theta: Theta, depth: int, shift: bool) -> tuple[Network, dict[Any, Tensor]]:
    """``multiplicative`` at width T·w that opens for each task its block, and the first block for all up to ``depth``.

    What the blocks say to each other, and the heads to other tasks' blocks, is left at random: closed gates must make
    it irrelevant.
    """
    network = built("multiplicative", WIDTH * len(MIXED), shift=shift)
    copied = {slot: value.detach().clone() for slot, value in shaken(network).items()}
    values = {slot.name: value.detach() for slot, value in theta.items()}
    named = {slot.name: value for slot, value in copied.items()}
    for task in range(len(MIXED)):
        for level in range(STAGES):
            here = block(task if level >= depth else 0)
            before = block(task if level - 1 >= depth else 0) if level else slice(None)
            weight, bias = values[f"stage{level}.weight"], values[f"stage{level}.bias"]
            copy = task if weight.shape[1] > 1 else 0
            named[f"stage{level}.weight"][:, 0, before, here] = weight[:, copy]
            named[f"stage{level}.bias"][:, 0, here] = bias[:, copy]
            named[f"stage{level}.gate"][:, task] = -1
            named[f"stage{level}.gate"][:, task, here] = 0
            if shift:
                named[f"stage{level}.shift"][:, task] = 0
        head = source.heads[task].weight
        own = named[head.name]
        own[..., block(task if depth < STAGES else 0)] = values[head.name]
        named[head.name.replace("weight", "bias")].copy_(values[head.name.replace("weight", "bias")])
    return network, copied


def block(number: int) -> slice:
    return slice(number * WIDTH, (number + 1) * WIDTH)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shift", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_block_gates_make_independent_and_hard_of_it(depth: int, shift: bool) -> None:
    """At depth 0 ``independent``, else ``hard``: an activation that is 0 at 0 keeps closed blocks silent."""
    source = built("hard", WIDTH, depth) if depth else built("independent", WIDTH)
    theta = shaken(source)
    network, copied = with_block_gates(source, theta, depth, shift)
    for one, other in zip(source(theta, batch()), network(copied, batch()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    for one, other in zip(source(theta, batch(4)), network(copied, batch(4)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_gates_start_about_one_and_shifts_at_zero() -> None:
    network = network_for("multiplicative", shift=True)
    for slot, value in fresh(network, range(40)).items():
        if slot.name.endswith(".gate"):
            assert value.mean().abs() < 0.02
            assert 0.08 < value.std() < 0.12
        if slot.name.endswith(".shift"):
            assert (value == 0).all()


def test_every_stage_is_gated() -> None:
    names = [slot.name for slot in network_for("multiplicative").layout.slots]
    assert [name for name in names if name.endswith(".gate")] == ["stage0.gate", "stage1.gate", "stage2.gate"]
