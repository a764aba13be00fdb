"""What training by a weighting method promises where a task has no gradient on the shared parameters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from mtl_core.data.task_set import Development
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.testing.small_tasks import ALIKE, SOME_ALIKE, small_tasks
from mtl_core.testing.weighting_answers import from_losses_alone, weighs
from mtl_core.training.fused_array import fresh_state
from mtl_core.training.trainer import fit

_LONE = ALIKE[-1]
_TREE = [[[*ALIKE[:2]], [_LONE]], [[name] for name in ALIKE]]
"""One task has a network of its own, beside two that share their first stage."""
_COMMON: dict[str, Any] = {"width": 8, "batch_size": 24, "epochs": 3, "schedule": "constant"}
_ROW = ReplicaConfig("replica", 0, {"learning_rate": 3e-3, "weight_decay": 0.0})
_SCALES = ("native", "matched")
Place = tuple[str, str]
"""Names of a slot and of one of its copies."""


def check_lone_task(name: str) -> None:
    """Check that a task that shares nothing is trained, and keeps no other task from it; where the method weighs
    gradients on shared parameters, equal totals train that task as ``equal`` does."""
    data = small_tasks(ALIKE, examples=96, missing=0.2)
    equal = Recipe(sharing="branch", stages=2, sharing_options={"tree": _TREE}, **_COMMON)
    for scale in _SCALES:
        where = f"{name}: beside a task that shares nothing ({scale})"
        before, after = _trained(where, replace(equal, weighting=name, scale=scale), data)
        _assert_moved(where, before, after)
        if weighs(name) and not from_losses_alone(name) and scale == "matched":
            _, as_equal = _trained(where, equal, data)
            for place in _private(Network(equal, data.tasks, data.shape), _LONE):
                message = f"{where}: {place} of that task is not trained as by equal weights"
                torch.testing.assert_close(after[place], as_equal[place], rtol=1e-3, atol=1e-4, msg=message)


def check_vanishing_gradient(name: str) -> None:
    """Check that a task whose head is 0 at first, and so its gradient on the shared parameters, comes to be learnt, and
    that a method of gradients goes on learning the others beside tasks that are solved from the start."""
    data = small_tasks(SOME_ALIKE, examples=96)
    _, grade, _ = SOME_ALIKE
    for scale in _SCALES:
        where, recipe = f"{name}: after a gradient of 0 ({scale})", Recipe(depth=1, stages=1, **_COMMON)
        recipe = replace(recipe, weighting=name, scale=scale)
        _assert_moved(where, *_trained(where, recipe, data, without_head=(grade,)))
        if from_losses_alone(name):
            continue
        targets = torch.where(torch.tensor([one == grade for one in SOME_ALIKE]), data.examples.targets, 0.0)
        solved, others = replace(data, examples=replace(data.examples, targets=targets)), {*SOME_ALIKE} - {grade}
        where = f"{name}: beside tasks that are solved ({scale})"
        before, after = _trained(where, recipe, solved, without_head=others)
        own = _private(Network(recipe, data.tasks, data.shape), grade)
        _assert_moved(where, {place: before[place] for place in own}, after)


def _trained(
    where: str, recipe: Recipe, data: Development, without_head: Collection[str] = ()
) -> tuple[dict[Place, Tensor], dict[Place, Tensor]]:
    """The trained copies before and after training; what is private to some tasks starts at 0."""
    network = Network(recipe, data.tasks, data.shape)
    state = fresh_state(recipe, network, _ROW)
    views = _copies(network, state["parameters"])
    for place in (place for task in without_head for place in _private(network, task)):
        views[place].zero_()
    before = {place: values.clone() for place, values in views.items()}
    outcome = fit(recipe, data, [_ROW], states={_ROW.key: state})[0]
    assert outcome.status == "finished", f"{where} training ended as {outcome.status}: {outcome.reason}"
    return before, _copies(network, outcome.state["parameters"])


def _copies(network: Network, parameters: Tensor) -> dict[Place, Tensor]:
    """Views of the packed parameters, copy by copy."""
    places = [((slot.name, copy.name), slot.numel) for slot in network.layout.trained for copy in slot.copies]
    parts = parameters[: network.layout.num_trained].split([size for _, size in places])
    return {place: part for (place, _), part in zip(places, parts, strict=True)}


def _private(network: Network, task: str) -> list[Place]:
    layout = network.layout
    return [(slot.name, copy.name) for slot in layout.trained for copy in slot.copies if layout.users(copy) == {task}]


def _assert_moved(where: str, before: dict[Place, Tensor], after: dict[Place, Tensor]) -> None:
    stayed = [place for place, values in before.items() if torch.equal(values, after[place])]
    assert not stayed, f"{where} {', '.join(f'{copy} of {slot}' for slot, copy in stayed)} is not trained"
