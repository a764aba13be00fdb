"""Soft parameter sharing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import Case, fresh, shaken
from mtl_core.testing.training import check_training
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    EXAMPLES,
    STAGES,
    THREE,
    assert_rows_equal_plain,
    batch,
    network_for,
    recipe_for,
    training,
    values_of,
)
from tests.mtl_core.sharing.plain.soft import Plain
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, own_inputs, rows

ALL_PRESENT = torch.ones(2, 3, dtype=torch.bool)
RATE = 0.05


@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks() -> None:
    assert_rows_equal_plain(Plain, network_for("soft", 2), depth=2)


@pytest.mark.usefixtures("double")
def test_the_step_after_the_step_is_the_equation() -> None:
    """Per row, at the row's own coupling and rate."""
    network = network_for("soft", 2)
    theta = shaken(network)
    before = [{name: value.clone() for name, value in values_of(theta, row).items()} for row in range(2)]
    couplings, rates = [0.3, 7.0], [0.1, 0.02]
    context = replace(training(), options={"coupling": torch.tensor(couplings)})
    network.after_step(theta, torch.tensor(rates), ALL_PRESENT, context)
    for row in range(2):
        alone, expected = (Plain(3, 5, 3, STAGES, 6, 2) for _ in range(2))
        alone.load(before[row])
        alone.couple(couplings[row], rates[row])
        expected.load(values_of(theta, row))
        for one, other in zip(alone.parameters(), expected.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@pytest.mark.usefixtures("double")
def test_the_step_is_the_minimiser_that_it_claims_to_be() -> None:
    """Stationary point of λ Σ_{i<j} ‖θ_i − θ_j‖² + Σ ‖θ_i − θ_i,now‖²/(2η)."""
    network = network_for("soft", 1)
    theta = shaken(network)
    slot = network.layout.slots[0]
    now = theta[slot].detach().clone()
    network.after_step(theta, torch.full((2,), RATE), ALL_PRESENT, training(coupling=2.0))
    found = theta[slot].detach().clone().requires_grad_()
    pairs = [(found[:, i] - found[:, j]).square().sum() for i in range(3) for j in range(i)]
    objective = 2.0 * torch.stack(pairs).sum() + (found - now).square().sum() / (2 * RATE)
    (gradient,) = torch.autograd.grad(objective, found)
    assert (found - now).abs().max() > 1e-3
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-10)


def test_without_coupling_it_is_independent_bit_for_bit() -> None:
    data, everyone = development(missing=0.3), rows(3, dropout=0.2)
    coupled = [replace(row, hyperparameters={**row.hyperparameters, "coupling": 0.0}) for row in everyone]
    recipe = Recipe(sharing="independent", stages=2, width=9, batch_size=31, epochs=3)
    one, other = fit(recipe, data, everyone), fit(replace(recipe, sharing="soft", depth=1), data, coupled)
    assert all(same(*pair) for pair in zip(one, other, strict=True))
    strong = [replace(row, hyperparameters={**row.hyperparameters, "coupling": 1.0}) for row in everyone]
    assert not same(fit(replace(recipe, sharing="soft", depth=1), data, strong)[0], one[0])


def stepped(network: Network, theta: Theta, rate_of_trunk: float, context: ForwardContext) -> None:
    """Twenty plain gradient steps on the sum of the tasks' squared errors, and what the architecture does then."""
    target = torch.randn(2, 3, 3, EXAMPLES, generator=torch.Generator().manual_seed(3))
    for step in range(20):
        loss = (network(theta, batch(3, seed=step))[0] - target).square().sum()
        gradients = network.layout.gradient(loss, theta)
        with torch.no_grad():
            for slot, part in zip(network.layout.trained, gradients, strict=True):
                rate = rate_of_trunk if slot.name.startswith(("stage0", "stage1")) else RATE / 10
                theta[slot].sub_(rate * part.view_as(theta[slot]))
        if network.trunk.acts_after_step:
            network.after_step(theta, torch.full((2,), RATE / 10), ALL_PRESENT, context)


@pytest.mark.usefixtures("double")
def test_in_the_limit_it_is_hard_with_a_trunk_trained_at_the_rate_over_the_tasks() -> None:
    soft, hard = network_for("soft", 2), network_for("hard", 2)
    common = fresh(hard)
    values = {slot.name: value.detach() for slot, value in common.items()}
    theta = {
        slot: values[slot.name].expand(-1, len(slot.copies), *[-1] * len(slot.shape)).clone().requires_grad_()
        for slot in soft.layout.slots
    }
    begin = values["stage0.weight"].clone()
    stepped(soft, theta, RATE / 10, training(coupling=1e12))
    stepped(hard, common, RATE / 10 / len(THREE), training())
    found = {slot.name: value for slot, value in theta.items()}
    for slot, value in common.items():
        torch.testing.assert_close(found[slot.name], value.expand_as(found[slot.name]), rtol=1e-7, atol=1e-7)
    assert (values["stage0.weight"] - begin).abs().max() > 5e-3


def test_an_absent_task_keeps_its_copy_and_still_draws_the_others() -> None:
    network = network_for("soft", 1)
    theta = shaken(network)
    slot = network.layout.slots[0]
    before = theta[slot].detach().clone()
    present = torch.tensor([[True, False, True], [True, True, True]])
    network.after_step(theta, torch.full((2,), RATE), present, training(coupling=1e9))
    after = theta[slot].detach()
    assert torch.equal(after[0, 1], before[0, 1])
    torch.testing.assert_close(after[0, 0], before[0].mean(dim=0))
    torch.testing.assert_close(after[1, 1], before[1].mean(dim=0))


def test_later_stages_and_heads_are_free() -> None:
    network = network_for("soft", 1)
    theta = shaken(network)
    before = {slot: value.detach().clone() for slot, value in theta.items()}
    network.after_step(theta, torch.full((2,), RATE), ALL_PRESENT, training(coupling=5.0))
    moved = {slot.name for slot, value in theta.items() if not torch.equal(value, before[slot])}
    assert moved == {"stage0.weight", "stage0.bias"}


def test_a_row_that_diverged_leaves_the_other_alone() -> None:
    network = network_for("soft", 1)
    theta, other = shaken(network), shaken(network)
    slot = network.layout.slots[0]
    with torch.no_grad():
        theta[slot][0, 0] = torch.nan
    for parameters in (theta, other):
        network.after_step(parameters, torch.full((2,), RATE), ALL_PRESENT, training(coupling=5.0))
    assert theta[slot][0].isnan().all()
    assert torch.equal(theta[slot][1], other[slot][1])


def test_a_great_coupling_does_not_explode() -> None:
    """Which a gradient step on the penalty does, from 2 η λ T > 2 on."""
    recipe = replace(recipe_for("soft", 2), epochs=3, optimiser="sgd")
    outcomes = fit(recipe, development(), rows(2, coupling=1e6, learning_rate=0.05))
    assert {outcome.status for outcome in outcomes} == {"finished"}


def test_a_task_with_few_labels_leans_on_its_sibling() -> None:
    """The paper's setting: one truth, of which the second task has few labels."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 12, generator=generator)
    truth = torch.tanh(x @ torch.randn(12, 3, generator=generator)).sum(dim=1, keepdim=True)
    targets = truth.repeat(1, 2) + 0.1 * torch.randn(400, 2, generator=generator)
    targets[torch.randperm(400, generator=generator)[60:], 1] = torch.nan
    tasks = tuple(Task(name, "regression", "mse") for name in ("rich", "poor"))
    data = Development(tasks, Examples(x, targets), torch.ones(12, dtype=torch.bool))
    recipe = Recipe(sharing="soft", depth=1, stages=1, width=32, epochs=30)
    alone, together = (fit(recipe, data, rows(4, learning_rate=0.01, coupling=value)) for value in (0.0, 3.0))
    skills = [[outcome.curves["validation_skill"][-1, 1] for outcome in outcomes] for outcomes in (alone, together)]
    assert np.mean(skills[1]) > np.mean(skills[0]) + 0.05


@pytest.mark.parametrize("data", [development(missing=0.3), own_inputs()], ids=["common", "own"])
@pytest.mark.parametrize("tasks_per_step", [None, 1])
def test_it_trains_where_tasks_are_absent(data: Development, tasks_per_step: int | None) -> None:
    recipe = replace(recipe_for("soft", 2), epochs=6, width=17, tasks_per_step=tasks_per_step)
    check_training(Case(recipe, data))


def test_impossible_ones_say_why() -> None:
    assert why_infeasible(recipe_for("soft", 1), development()) is None
    assert "independent" in (why_infeasible(recipe_for("soft", 0), development()) or "")
    assert "-1" in (why_infeasible(recipe_for("soft", 1, coupling=-1.0), development()) or "")
