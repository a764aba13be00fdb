"""Architectures that train to the same curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_core.data.task_set import Development
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fused_array import CURVES, fresh_state
from mtl_core.training.trainer import Outcome
from tests.mtl_core.sharing.harness import recipe_for
from tests.mtl_core.worlds import development, own_inputs

NAMES = ("price", "sold", "grade", "colour")


def trained_recipe(sharing: str, depth: int | None = 2, **options: Any) -> Recipe:
    """A small network of that architecture and a few epochs."""
    return replace(recipe_for(sharing, depth, **options), width=8, batch_size=31, epochs=3)


def worlds() -> list[Development]:
    """Common inputs and own ones, of as many tasks as rows can be told from."""
    return [development(NAMES), own_inputs()]


def expect_curves(one: Sequence[Outcome], other: Sequence[Outcome], tolerance: float) -> None:
    """Two architectures train alike."""
    for first, second in zip(one, other, strict=True):
        for curve in CURVES:
            np.testing.assert_allclose(first.curves[curve], second.curves[curve], rtol=tolerance, atol=tolerance)


def transplanted(
    source: Recipe, target: Recipe, data: Development, row: ReplicaConfig, change: Callable[[dict[str, Tensor]], None]
) -> dict[str, Tensor]:
    """A fresh state of ``target`` with ``source``'s parameters where names and shapes agree, and then a change.

    Args:
        change: gets slot name → ``[c, *shape]`` and writes to it.
    """
    state, networks = {}, {}
    for recipe in (source, target):
        networks[recipe.sharing] = network = Network(recipe, data.tasks, data.shape)
        state[recipe.sharing] = fresh_state(recipe, network, row)
    layout = networks[target.sharing].layout
    views = [
        {slot.name: value for slot, value in zip(layout_.slots, _unpacked(layout_, flat), strict=True)}
        for layout_, flat in (
            (networks[name].layout, state[name]["parameters"]) for name in (source.sharing, target.sharing)
        )
    ]
    for name, value in views[0].items():
        if name in views[1] and views[1][name].shape == value.shape:
            views[1][name].copy_(value)
    change(views[1])
    flat = torch.cat([views[1][slot.name].flatten() for slot in layout.slots])
    return {**state[target.sharing], "parameters": flat, "selected": flat.clone()}


def _unpacked(layout: Layout, flat: Tensor) -> list[Tensor]:
    parts = layout.unpack(flat[None])
    return [part.view(len(slot.copies), *slot.shape).clone() for slot, part in zip(layout.slots, parts, strict=True)]
