"""A small network of an architecture, beside ordinary modules and beside other architectures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe, ReplicaConfig
from mtl_core.testing.cases import shaken
from mtl_core.training.trainer import fit

THREE = tuple(Task(name, "multiclass", "accuracy", 3) for name in ("ant", "bee", "cow"))
"""Tasks whose outputs agree, as the ordinary modules want them."""
INPUTS, STAGES, WIDTH, EXAMPLES = 5, 3, 6, 11
Start = Callable[[Network], Theta]


def recipe_for(sharing: str, depth: int | None = None, **options: Any) -> Recipe:
    """A small network of that architecture."""
    return Recipe(sharing=sharing, depth=depth, stages=STAGES, width=WIDTH, sharing_options=options)


def network_for(sharing: str, depth: int | None = None, tasks: Sequence[Task] = THREE, **options: Any) -> Network:
    """The same, built for :data:`THREE`."""
    return Network(recipe_for(sharing, depth, **options), tasks, (INPUTS,))


def batch(signals: int = 1, seed: int = 5) -> Tensor:
    """Inputs of two rows ``[2 g b d]``."""
    return torch.randn(2, signals, EXAMPLES, INPUTS, generator=torch.Generator().manual_seed(seed))


def logits_of(network: Network, theta: Theta, x: Tensor, context: ForwardContext = EVALUATION) -> Tensor:
    """Outputs ``[r t b k]`` of tasks whose outputs agree."""
    return network(theta, x, context)[0].expand(-1, len(network.tasks), -1, -1).transpose(2, 3)


def values_of(theta: Theta, row: int) -> dict[str, Tensor]:
    """One row by name ``[c, *shape]``; banks of one name follow each other."""
    found: dict[str, list[Tensor]] = {}
    for slot, value in theta.items():
        found.setdefault(slot.name, []).append(value[row].detach())
    return {name: torch.cat(parts) for name, parts in found.items()}


def gradients_of(network: Network, theta: Theta, objective: Tensor) -> Theta:
    """The objective's gradient, shaped like the parameters; zero for buffers."""
    parts = network.layout.gradient(objective, theta)
    found = {slot: part.view_as(theta[slot]) for slot, part in zip(network.layout.trained, parts, strict=True)}
    return found | {slot: torch.zeros_like(theta[slot]) for slot in network.layout.buffers}


def training(**options: float) -> ForwardContext:
    """A training step of two rows that set the options alike, without chance."""
    return ForwardContext(training=True, options={name: torch.full((2,), value) for name, value in options.items()})


def assert_rows_equal_plain(
    plain: type[Any],
    network: Network,
    context: ForwardContext = EVALUATION,
    start: Start = shaken,
    unused: bool = False,
    **settings: Any,
) -> None:
    """Outputs and gradients of two rows are those of two ordinary networks with the same parameters.

    Loading only copies, so the engine's gradients, loaded, must be the ordinary gradients.

    Args:
        plain: the ordinary network; a penalty of its own joins the objective in training.
        unused: whether it has parameters that its outputs do not depend on.
        settings: what it takes beside the sizes, ``depth`` among them.
    """
    theta, x = start(network), batch()
    pull = torch.randn(len(network.tasks), EXAMPLES, 3, generator=torch.Generator().manual_seed(6))
    outputs = logits_of(network, theta, x, context)
    objective = (outputs.square() + outputs * pull).sum() + sum(penalty.sum() for penalty in context.penalties)
    gradients = gradients_of(network, theta, objective)
    for row in range(2):
        alone, found = (plain(len(network.tasks), INPUTS, 3, STAGES, WIDTH, **settings) for _ in range(2))
        alone.load(values_of(theta, row))
        alone.train(context.training)
        logits = torch.stack(alone(x[row, 0]))
        torch.testing.assert_close(outputs[row], logits, rtol=1e-10, atol=1e-10)
        penalty = alone.penalty() if context.penalties else 0
        ((logits.square() + logits * pull).sum() + penalty).backward()
        found.requires_grad_(False)
        for parameter in found.parameters():
            parameter.zero_()
        found.load(values_of(gradients, row))
        assert_gradients(alone, found, unused)


def assert_gradients(alone: nn.Module, found: nn.Module, unused: bool = False) -> None:
    """The gradients of one network are the parameters of the other; what it did not use has none.

    Args:
        unused: whether there may be such parameters.
    """
    for (name, one), other in zip(alone.named_parameters(), found.parameters(), strict=True):
        assert unused or one.grad is not None, f"{name} is not used"
        expected = torch.zeros_like(one) if one.grad is None else one.grad
        torch.testing.assert_close(other.data, expected, rtol=1e-10, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}")
    assert sum(parameter.grad is not None for parameter in alone.parameters()) > 4


def assert_same_function(one: Network, other: Network, theta: Theta, others: Theta, signals: int = 1) -> None:
    """Outputs, and gradients of what both have under one name, agree."""
    x = batch(signals)
    outputs, expected = logits_of(one, theta, x), logits_of(other, others, x)
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
    found = gradients_of(one, theta, outputs.square().sum())
    wanted = gradients_of(other, others, expected.square().sum())
    places = {
        (slot.name, copy.name): value[:, i] for slot, value in found.items() for i, copy in enumerate(slot.copies)
    }
    compared = 0
    for slot, value in wanted.items():
        for i, copy in enumerate(slot.copies):
            if (slot.name, copy.name) in places:
                compared += 1
                torch.testing.assert_close(places[slot.name, copy.name], value[:, i], rtol=1e-11, atol=1e-11)
    assert compared >= STAGES


def assert_own_inputs_pass_the_same_network(network: Network, theta: Theta) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these, whatever the parameters."""
    x = batch(len(network.tasks))
    own = logits_of(network, theta, x)
    for place in range(len(network.tasks)):
        torch.testing.assert_close(own[:, place], logits_of(network, theta, x[:, place : place + 1])[:, place])


def snapshots(data: Development, recipe: Recipe, everyone: list[ReplicaConfig], number: int) -> list[dict[str, Any]]:
    """The states after each of the first epochs, copied."""
    saved: list[dict[str, Any]] = []

    def snapshot(states: dict[str, Any]) -> None:
        saved.append({key: {name: value.clone() for name, value in state.items()} for key, state in states.items()})
        if len(saved) == number:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(recipe, data, everyone, snapshot=snapshot, snapshot_seconds=0.0)
    return saved
