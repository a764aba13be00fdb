"""Fused rows held against ordinary modules, and how an architecture is seen to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.layers.parameter_layout import Layout
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import shaken
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import rows

THREE = tuple(Task(name, "multiclass", "accuracy", 3) for name in ("ant", "bee", "cow"))
"""Tasks whose outputs agree, as the ordinary modules want them."""
INPUTS, STAGES, WIDTH, EXAMPLES = 5, 3, 6, 7


def recipe_for(sharing: str, depth: int | None = None, **options: Any) -> Recipe:
    """A small network of that architecture."""
    return Recipe(sharing=sharing, depth=depth, stages=STAGES, width=WIDTH, sharing_options=options)


def network_for(sharing: str, depth: int | None = None, tasks: Sequence[Task] = THREE, **options: Any) -> Network:
    """The same, built for :data:`THREE`."""
    return Network(recipe_for(sharing, depth, **options), tasks, (INPUTS,))


def batch(signals: int = 1, seed: int = 5) -> Tensor:
    """Inputs of two rows ``[2 g b d]``."""
    return torch.randn(2, signals, EXAMPLES, INPUTS, generator=torch.Generator().manual_seed(seed))


def by_task(network: Network, outputs: Sequence[Tensor]) -> Tensor:
    """Outputs ``[r t b k]`` of tasks whose outputs agree."""
    logits = outputs[0]
    return logits.expand(-1, len(network.tasks), -1, -1).transpose(2, 3)


def values_of(theta: Theta, row: int) -> dict[str, Tensor]:
    """One row's parameters by name, ``[c, *shape]``."""
    return {slot.name: value[row].detach() for slot, value in theta.items()}


def training(network: Network, **options: float) -> ForwardContext:
    """A training mode for two rows that set the options alike."""
    return ForwardContext(training=True, options={name: torch.full((2,), value) for name, value in options.items()})


def assert_rows_equal_plain(
    plain: type[Any], sharing: str, depth: int | None = None, modules: Mapping[str, Any] | None = None, **options: Any
) -> None:
    """Outputs and gradients of two rows are those of two ordinary networks with the same parameters.

    The ordinary gradients are compared by loading the engine's gradients into a third network: loading copies.
    """
    network = network_for(sharing, depth, **options)
    theta, x = shaken(network), batch()
    outputs = by_task(network, network(theta, x, EVALUATION))
    gradients = network.layout.gradient(outputs.square().sum(), theta)
    shaped = {slot: part.view_as(theta[slot]) for slot, part in zip(network.layout.trained, gradients, strict=True)}
    for row in range(2):
        alone, other = (
            plain(len(THREE), INPUTS, 3, STAGES, WIDTH, depth or 0, **(modules or options)) for _ in range(2)
        )
        alone.load(values_of(theta, row))
        logits = alone(x[row, 0])
        assert len(logits) == len(THREE)
        torch.testing.assert_close(outputs[row], torch.stack(logits), rtol=1e-10, atol=1e-10)
        torch.stack(logits).square().sum().backward()
        other.load({slot.name: value[row] for slot, value in shaped.items()})
        assert_same_parameters(alone, other)


def assert_same_parameters(alone: nn.Module, gradients: nn.Module) -> None:
    """The gradients of one network are the parameters of another."""
    counted = 0
    for (name, one), other in zip(alone.named_parameters(), gradients.parameters(), strict=True):
        assert one.grad is not None, name
        torch.testing.assert_close(one.grad, other.data, rtol=1e-10, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}")
        counted += one.numel()
    assert counted > 0


def assert_own_inputs_pass_the_same_network(network: Network) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these."""
    theta, x = shaken(network), batch(len(network.tasks))
    own = by_task(network, network(theta, x))
    for place in range(len(network.tasks)):
        common = by_task(network, network(theta, x[:, place : place + 1]))
        torch.testing.assert_close(own[:, place], common[:, place])


def assert_task_order_does_not_matter(recipe: Recipe) -> None:
    """Fresh networks for permuted tasks give permuted outputs."""
    found = []
    for tasks in (THREE, (THREE[2], THREE[0], THREE[1])):
        network = Network(recipe, tasks, (INPUTS,))
        outputs = by_task(network, network(fresh(network.layout), batch()))
        found.append({task.name: outputs[:, place] for place, task in enumerate(tasks)})
    for task in THREE:
        torch.testing.assert_close(found[1][task.name], found[0][task.name])


def fresh(layout: Layout, seeds: Sequence[int] = (0, 1)) -> Theta:
    """Parameters before the first step."""
    return layout.theta(layout.unpack(layout.initialise(seeds)))


def assert_trains(recipe: Recipe, data: Development, **options: Any) -> None:
    """Rows learn something, none diverges, and a row's bits depend neither on its neighbours nor on its place."""
    everyone = rows(4, dropout=[0.2, 0.0, 0.1], **options)
    together = fit(recipe, data, everyone)
    assert {outcome.status for outcome in together} == {"finished"}
    for outcome in together:
        assert outcome.curves["train_loss"][-1].mean() < outcome.curves["train_loss"][0].mean()
    narrow = fit(recipe, data, everyone, max_rows=2)
    assert all(same(*pair) for pair in zip(together, narrow, strict=True))
    for i, outcome in zip((3, 0, 1), fit(recipe, data, [everyone[i] for i in (3, 0, 1)]), strict=True):
        assert same(outcome, together[i]), f"row {i}"
