"""An architecture beside ordinary modules, beside another architecture, and in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.network import Network
from mtl_core.randomness.counter_based import Streams
from mtl_core.recipe import Recipe
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import shaken
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import rows

THREE = tuple(Task(name, "multiclass", "accuracy", 3) for name in ("ant", "bee", "cow"))
INPUTS, STAGES, WIDTH, EXAMPLES = 5, 3, 6, 11
Start = Callable[[Network], Theta]


def network_for(sharing: str, depth: int | None = None, tasks: tuple[Task, ...] = THREE, **options: Any) -> Network:
    """A small network with the architecture's options."""
    recipe = Recipe(sharing=sharing, depth=depth, stages=STAGES, width=WIDTH, sharing_options=options)
    return Network(recipe, tasks, (INPUTS,))


def fresh(network: Network, seeds: tuple[int, ...] = (0, 1)) -> Theta:
    """Parameters before the first step."""
    return network.layout.theta(network.layout.unpack(network.layout.initialise(seeds)))


def batch(signals: int = 1) -> Tensor:
    """Inputs of two rows."""
    return torch.randn(2, signals, EXAMPLES, INPUTS, generator=torch.Generator().manual_seed(5))


def logits_of(network: Network, theta: Theta, x: Tensor, context: ForwardContext = EVALUATION) -> Tensor:
    """Outputs ``[r t b k]``."""
    return network(theta, x, context)[0].transpose(2, 3)


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


def by_place(theta: Theta) -> dict[tuple[str, str], Tensor]:
    """Parameters by the names of slot and copy, ``[r, *shape]``."""
    return {(slot.name, copy.name): value[:, i] for slot, value in theta.items() for i, copy in enumerate(slot.copies)}


def assert_rows_equal_plain(
    plain: type[Any], network: Network, context: ForwardContext = EVALUATION, start: Start = shaken, **settings: Any
) -> None:
    """Outputs and gradients of two rows are those of two ordinary networks with the same parameters.

    Loading only copies, so the engine's gradients, loaded, must be the ordinary gradients.
    """
    theta, x = start(network), batch()
    outputs = logits_of(network, theta, x, context)
    objective = outputs.square().sum() + sum(penalty.sum() for penalty in context.penalties)
    gradients = gradients_of(network, theta, objective)
    for row in range(2):
        alone, found = (plain(len(network.tasks), INPUTS, 3, STAGES, WIDTH, **settings) for _ in range(2))
        alone.load(values_of(theta, row))
        alone.train(context.training)
        logits = torch.stack(alone(x[row, 0]))
        torch.testing.assert_close(outputs[row], logits, rtol=1e-10, atol=1e-10)
        (logits.square().sum() + (alone.penalty() if context.training and hasattr(alone, "penalty") else 0)).backward()
        found.load(values_of(gradients, row))
        assert_gradients(alone, found)


def assert_gradients(alone: nn.Module, found: nn.Module) -> None:
    """The gradients of one network are the parameters of the other; what it did not use has none."""
    for (name, one), other in zip(alone.named_parameters(), found.parameters(), strict=True):
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
    tasks_sharing_stage = 0
    for slot, value in wanted.items():
        for i, copy in enumerate(slot.copies):
            if (slot.name, copy.name) in places:
                tasks_sharing_stage += 1
                torch.testing.assert_close(places[slot.name, copy.name], value[:, i], rtol=1e-11, atol=1e-11)
    assert tasks_sharing_stage >= STAGES


def assert_own_inputs_pass_the_same_network(network: Network, start: Start = shaken) -> None:
    """Task i's outputs for its own inputs are what it would say if all tasks saw these."""
    x = batch(len(network.tasks))
    theta = start(network)
    own = logits_of(network, theta, x)
    for place in range(len(network.tasks)):
        common = logits_of(network, theta, x[:, place : place + 1])
        torch.testing.assert_close(own[:, place], common[:, place])


def assert_task_order_does_not_matter(sharing: str, depth: int | None = None, **options: Any) -> None:
    """Fresh networks for permuted tasks give permuted outputs in training, chance included."""
    found = []
    for order in ((0, 1, 2), (2, 0, 1)):
        network = network_for(sharing, depth, tuple(THREE[place] for place in order), **options)
        context = ForwardContext(training=True, progress=torch.zeros(2), streams=Streams((0, 1), "sharing").at([3, 4]))
        outputs = logits_of(network, fresh(network), batch(), context)
        found.append({task.name: outputs[:, place] for place, task in enumerate(network.tasks)})
    for task in THREE:
        torch.testing.assert_close(found[1][task.name], found[0][task.name])


def assert_trains(recipe: Recipe, data: Development, **options: Any) -> None:
    """No row diverges, all learn, and a row's bits depend neither on its neighbours nor on its place."""
    recipe = replace(recipe, batch_size=31, epochs=4)
    everyone = rows(4, learning_rate=[3e-3, 1e-2], dropout=[0.2, 0.0, 0.1], **options)
    together = fit(recipe, data, everyone)
    for outcome in together:
        losses = outcome.curves["train_loss"].mean(axis=1)
        assert outcome.status == "finished"
        assert losses[-1] < losses[0]
    for some in ((0, 1, 2, 3), (3, 0, 1)):
        again = fit(recipe, data, [everyone[i] for i in some], max_rows=2)
        assert all(same(outcome, together[i]) for i, outcome in zip(some, again, strict=True))
