"""What the tests of all mixtures of experts do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Slot
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.training.fused_array import CURVES, fresh_state
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.sharing.cases import shaken
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, own_inputs, rows

NAMES = ("price", "sold", "grade", "colour")
ALIKE = tuple(Task(name, "multiclass", "accuracy", 3) for name in ("a", "b", "c"))
INPUTS, WIDTH, STAGES = 12, 8, 3


def recipe_of(sharing: str, depth: int | None = 2, **options: Any) -> Recipe:
    return Recipe(
        sharing=sharing, depth=depth, stages=STAGES, width=WIDTH, batch_size=31, epochs=3, sharing_options=options
    )


def values_of(theta: Mapping[Slot, Tensor], row: int) -> dict[str, Tensor]:
    """Slot name → ``[c, *shape]`` of one row; banks of one name follow each other."""
    found: dict[str, list[Tensor]] = {}
    for slot, value in theta.items():
        found.setdefault(slot.name, []).append(value[row].detach())
    return {name: torch.cat(parts) for name, parts in found.items()}


def compare_with(plain: Callable[..., nn.Module], recipe: Recipe, **options: Any) -> None:
    """Outputs and gradients of every row, at parameters off their starting points."""
    network = Network(recipe, ALIKE, (INPUTS,))
    theta = shaken(network)
    x = torch.randn(2, 1, 9, INPUTS, generator=torch.Generator().manual_seed(5))
    pull = torch.randn(3, 9, 3, generator=torch.Generator().manual_seed(6))
    (outputs,) = network(theta, x)
    leaves = [theta[slot] for slot in network.layout.trained]
    found = torch.autograd.grad((outputs.transpose(2, 3) * pull).sum(), leaves, materialize_grads=True)
    gradients = dict(zip(network.layout.trained, found, strict=True))
    for row in range(2):
        module, expected = (plain(3, INPUTS, 3, STAGES, WIDTH, recipe.depth, **options) for _ in range(2))
        module.load(values_of(theta, row))
        logits = torch.stack(module(x[row, 0]))
        torch.testing.assert_close(outputs[row].transpose(1, 2), logits, rtol=1e-10, atol=1e-10)
        (logits * pull).sum().backward()
        with torch.no_grad():
            for parameter in expected.parameters():
                parameter.zero_()
        expected.load(values_of(gradients, row))  # every gradient into the place of its parameter
        pairs = dict(expected.named_parameters())
        for name, parameter in module.named_parameters():
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(pairs[name].detach(), gradient, rtol=1e-10, atol=1e-10, msg=name)


def expect_curves(one: Sequence[Outcome], other: Sequence[Outcome], tolerance: float) -> None:
    for first, second in zip(one, other, strict=True):
        for curve in CURVES:
            np.testing.assert_allclose(first.curves[curve], second.curves[curve], rtol=tolerance, atol=tolerance)


def worlds() -> list[Development]:
    """Common inputs and own ones, of as many tasks as ``rows`` can be told from."""
    return [development(NAMES), own_inputs()]


def expect_training(recipe: Recipe, **hyperparameters: Any) -> None:
    """On common and on own inputs losses fall, and a row's bits do not depend on its array."""
    recipe = replace(recipe, width=9, epochs=4)
    everyone = rows(3, dropout=[0.0, 0.3, 0.1], **hyperparameters)
    for data in worlds():
        together = fit(recipe, data, everyone)
        for outcome in together:
            assert outcome.status == "finished"
            losses = outcome.curves["train_loss"].mean(axis=1)
            assert losses[-1] < losses[0]
        narrow = fit(recipe, data, everyone, max_rows=2)
        turned = fit(recipe, data, [everyone[i] for i in (2, 0)])
        assert all(same(*pair) for pair in zip(together, narrow, strict=True))
        assert same(turned[0], together[2])
        assert same(turned[1], together[0])


def expect_permutation(recipe: Recipe, **hyperparameters: Any) -> None:
    """Tasks in another order train to the same curves, in that order; for double precision."""
    order = [2, 0, 3, 1]
    data, everyone = development(NAMES), rows(2, dropout=0.2, **hyperparameters)
    straight = fit(recipe, data, everyone)
    permuted = fit(recipe, data.only(*(NAMES[place] for place in order)), everyone)
    for one, other in zip(straight, permuted, strict=True):
        for curve in CURVES:
            np.testing.assert_allclose(other.curves[curve], one.curves[curve][:, order], rtol=2e-5)


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


def _unpacked(layout: Any, flat: Tensor) -> list[Tensor]:
    parts = layout.unpack(flat[None])
    return [part.view(len(slot.copies), *slot.shape).clone() for slot, part in zip(layout.slots, parts, strict=True)]
