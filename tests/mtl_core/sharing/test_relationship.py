"""Hard sharing with a prior that learns how the tasks' own layers are related."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import Case, shaken
from mtl_core.testing.small_tasks import ALIKE as NAMES
from mtl_core.testing.small_tasks import small_tasks
from mtl_core.testing.training import check_training
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    STAGES,
    THREE,
    assert_rows_equal_plain,
    batch,
    network_for,
    recipe_for,
    training,
    values_of,
)
from tests.mtl_core.sharing.plain.relationship import Plain
from tests.mtl_core.worlds import development, rows

ALL_PRESENT = torch.ones(2, 3, dtype=torch.bool)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_rows_are_ordinary_networks(depth: int) -> None:
    assert_rows_equal_plain(Plain, network_for("relationship", depth), depth=depth)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
def test_the_penalty_and_its_gradient_are_those_of_an_ordinary_network(depth: int) -> None:
    """With covariances held constant, and other than the identity."""
    network = network_for("relationship", depth)
    theta = shaken(network)
    network.after_step(theta, torch.full((2,), 0.1), ALL_PRESENT, training())
    context = training(relationship_strength=0.7)
    network(theta, batch(), context)
    (penalty,) = context.penalties
    gradients = zip(network.layout.trained, network.layout.gradient(penalty.sum(), theta), strict=True)
    shaped = {slot.name: part.view_as(theta[slot]) for slot, part in gradients}
    for row in range(2):
        alone, other = (Plain(3, 5, 3, STAGES, 6, depth, relationship_strength=0.7) for _ in range(2))
        alone.load(values_of(theta, row))
        alone.penalty().backward()
        torch.testing.assert_close(penalty[row], alone.penalty(), rtol=1e-10, atol=1e-10)
        other.load({name: value[row] for name, value in shaped.items()})
        for one, gradient in zip(alone.parameters(), other.parameters(), strict=True):
            expected = torch.zeros_like(one) if one.grad is None else one.grad
            torch.testing.assert_close(gradient.data, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
def test_the_update_is_that_of_an_ordinary_network(depth: int) -> None:
    network = network_for("relationship", depth, covariance_ridge=0.2)
    theta = shaken(network)
    network.after_step(theta, torch.full((2,), 0.1), ALL_PRESENT, training())
    for row in range(2):
        values, alone = values_of(theta, row), Plain(3, 5, 3, STAGES, 6, depth, covariance_ridge=0.2)
        alone.load(values)
        alone.update()
        found = [value[0] for name, value in values.items() if name.endswith(".covariance")]
        for one, other in zip(found, alone.covariances, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
def test_with_the_identity_for_covariance_it_is_a_coupled_l2_penalty() -> None:
    """Its gradient is ρ W on the tasks' own weights, inside the optimiser; and the covariance stays the identity."""
    network, hard = network_for("relationship", 1, learn_covariance=False), network_for("hard", 1)
    theta, context = shaken(network), training(relationship_strength=0.3)
    values = {slot.name: value for slot, value in theta.items()}
    copied = {slot: values[slot.name].detach().clone().requires_grad_() for slot in hard.layout.slots}
    loss = network(theta, batch(), context)[0].square().sum() + context.penalties[0].sum()
    private = [value for slot, value in copied.items() if len(slot.copies) > 1 and len(slot.shape) > 1]
    assert len(private) == STAGES
    decay = 0.15 * torch.stack([value.square().sum() for value in private]).sum()
    expected = hard.layout.gradient(hard(copied, batch())[0].square().sum() + decay, copied)
    for one, other in zip(network.layout.gradient(loss, theta), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
    network.after_step(theta, torch.full((2,), 0.1), ALL_PRESENT, context)
    for slot in network.layout.buffers:
        assert torch.equal(theta[slot], torch.eye(3).expand(2, 1, 3, 3))


def test_nothing_is_penalised_in_evaluation() -> None:
    network = network_for("relationship", 1)
    context = replace(training(), training=False)
    network(shaken(network), batch(), context)
    assert context.penalties == []


@pytest.mark.usefixtures("double")
def test_the_update_recovers_a_planted_covariance() -> None:
    """From 5,000 weights drawn from the prior."""
    tasks = tuple(Task(task.name, "multiclass", "accuracy", 50) for task in THREE)
    network = Network(replace(recipe_for("relationship", 3), width=100), tasks, (5,))
    planted = torch.tensor([[1.2, 0.9, -0.3], [0.9, 1.0, 0.0], [-0.3, 0.0, 0.8]])
    theta = shaken(network)
    weight = network.heads[0].weight
    drawn = torch.randn(2, 50 * 100, 3, generator=torch.Generator().manual_seed(1)) @ torch.linalg.cholesky(planted).T
    with torch.no_grad():
        theta[weight].copy_(3 * drawn.transpose(1, 2).reshape(theta[weight].shape))
    network.after_step(theta, torch.full((2,), 0.1), ALL_PRESENT, training())
    (covariance,) = (theta[slot] for slot in network.layout.buffers)
    torch.testing.assert_close(covariance[:, 0], planted.expand(2, -1, -1), rtol=0, atol=0.06)
    torch.testing.assert_close(covariance[:, 0].diagonal(dim1=1, dim2=2).sum(dim=1), torch.full((2,), 3.0))


def test_related_tasks_are_found() -> None:
    """Two tasks with one truth, and a third with another: the heads' covariance says so."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 10, generator=generator)
    first, second = (torch.randn(10, generator=generator) for _ in range(2))
    noise = 0.1 * torch.randn(400, 3, generator=generator)
    targets = torch.stack([x @ first, x @ first, x @ second], dim=1) + noise
    tasks = tuple(Task(name, "regression", "mse") for name in NAMES)
    data = Development(tasks, Examples(x, targets), torch.ones(10, dtype=torch.bool))
    recipe = Recipe(sharing="relationship", depth=1, stages=1, width=32, epochs=12)
    strong = rows(3, relationship_strength=0.03, learning_rate=0.01)
    for outcome in fit(recipe, data, strong):
        network = Network(recipe, tasks, (10,))
        parts = network.layout.unpack(outcome.state["parameters"].unsqueeze(0))
        (covariance,) = (network.layout.theta(parts)[slot][0, 0] for slot in network.layout.buffers)
        scale = covariance.diagonal().sqrt()
        correlation = covariance / scale[:, None] / scale[None, :]
        assert correlation[0, 1] > 0.8
        assert correlation[0, 1] > correlation[:2, 2].abs().max() + 0.3


def test_a_row_that_diverged_leaves_the_other_alone() -> None:
    network = network_for("relationship", 1)
    theta, other = shaken(network), shaken(network)
    weight = network.heads[0].weight
    with torch.no_grad():
        theta[weight][0, 0] = torch.nan
    found = []
    for parameters in (theta, other):
        network.after_step(parameters, torch.full((2,), 0.1), ALL_PRESENT, training())
        context = training(relationship_strength=0.1)
        network(parameters, batch(), context)
        found.append(context.penalties[0])
    assert found[0][0].isnan()
    assert found[0][1].isfinite()
    assert torch.equal(found[0][1], found[1][1])


def test_the_covariance_is_kept_with_the_parameters() -> None:
    data = small_tasks(NAMES, own_inputs=False)
    recipe = replace(recipe_for("relationship", 2), epochs=3)
    straight, paused = fit(recipe, data, rows(2)), fit(recipe, data, rows(2), until=1)
    resumed = fit(recipe, data, rows(2), states={outcome.key: outcome.state for outcome in paused})
    network = Network(recipe, data.tasks, data.shape)
    assert network.layout.size - network.layout.num_trained == 2 * 9
    for one, other in zip(straight, resumed, strict=True):
        covariances = one.state["parameters"][network.layout.num_trained :]
        assert torch.equal(covariances, other.state["parameters"][network.layout.num_trained :])
        assert not torch.equal(covariances, torch.eye(3).flatten().repeat(2))
        np.testing.assert_array_equal(one.curves["train_loss"], other.curves["train_loss"])


@pytest.mark.parametrize("own", [False, True], ids=["common", "own"])
def test_it_trains_on_two_tasks_a_step(own: bool) -> None:
    """Whose covariances with the third, absent one stay."""
    recipe = replace(recipe_for("relationship", 2), epochs=6, width=17, batch_size=32, tasks_per_step=2)
    check_training(Case(recipe, small_tasks(NAMES, own_inputs=own)))


def test_impossible_ones_say_why() -> None:
    alike = small_tasks(NAMES, own_inputs=False)
    assert why_infeasible(recipe_for("relationship", 1), alike) is None
    assert why_infeasible(recipe_for("relationship", 1, covariance_ridge=1.0), alike) is None
    assert "'price' and 'sold'" in (why_infeasible(recipe_for("relationship", 1), development()) or "")
    assert "stand on" in (why_infeasible(recipe_for("relationship", 0), alike) or "")
    for ridge in (0.0, 1.5):
        assert str(ridge) in (why_infeasible(recipe_for("relationship", 1, covariance_ridge=ridge), alike) or "")
    assert "nobody" in (why_infeasible(recipe_for("relationship", 1), alike.only("price")) or "")
