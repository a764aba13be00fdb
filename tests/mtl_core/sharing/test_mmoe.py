"""The multi-gate mixture of experts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import shaken
from tests.mtl_core.sharing.gated import (
    ALIKE,
    INPUTS,
    NAMES,
    compare_with,
    expect_curves,
    expect_permutation,
    expect_training,
    recipe_of,
    transplanted,
    worlds,
)
from tests.mtl_core.sharing.plain.mmoe import Plain
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("experts", [1, 3, 4])
@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_what_ordinary_modules_do(depth: int, experts: int) -> None:
    compare_with(Plain, recipe_of("mmoe", depth, experts=experts), experts=experts)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("own", [False, True])
def test_one_expert_trains_like_hard(depth: int, own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3)
    one = fit(recipe_of("mmoe", depth, experts=1), data, everyone)
    expect_curves(one, fit(recipe_of("hard", depth), data, everyone), 1e-12)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("own", [False, True])
def test_an_expert_for_each_task_behind_frozen_gates_trains_like_independent(own: bool) -> None:
    """Biases so far apart that every gate is one-hot, with a gradient of zero."""
    data, everyone = worlds()[own], rows(2)
    tasks = len(data.tasks)
    networks, mixture = recipe_of("independent", None), recipe_of("mmoe", experts=tasks)

    def close(values: dict[str, Tensor]) -> None:
        values["gate0.bias"].copy_(2e3 * torch.eye(tasks))

    states = {row.key: transplanted(networks, mixture, data, row, close) for row in everyone}
    found = fit(mixture, data, everyone, states=states)
    expect_curves(found, fit(networks, data, everyone), 1e-11)


def test_every_tasks_loss_reaches_every_expert() -> None:
    network = Network(recipe_of("mmoe"), ALIKE, (INPUTS,))
    theta = network.layout.theta(network.layout.unpack(network.layout.initialise([0, 1])))
    (outputs,) = network(theta, torch.randn(2, 1, 20, INPUTS, generator=torch.Generator().manual_seed(0)))
    weight = network.trunk.experts.slots[0]
    for task in range(3):
        (gradient,) = torch.autograd.grad(outputs[:, task].square().sum(), theta[weight], retain_graph=True)
        assert gradient.flatten(2).ne(0).any(dim=2).all()


def test_a_gate_answers_to_its_own_task_alone() -> None:
    network = Network(recipe_of("mmoe"), ALIKE, (INPUTS,))
    theta = shaken(network)
    (outputs,) = network(theta, torch.randn(2, 1, 20, INPUTS, generator=torch.Generator().manual_seed(0)))
    for task in range(3):
        (gradient,) = torch.autograd.grad(
            outputs[:, task].square().sum(), theta[network.trunk.gates.weight], retain_graph=True
        )
        assert gradient.flatten(2).ne(0).any(dim=2)[0].tolist() == [place == task for place in range(3)]


@pytest.mark.parametrize("depth", [1, 3])
def test_it_trains_on_common_and_own_inputs_and_rows_keep_their_bits(depth: int) -> None:
    expect_training(recipe_of("mmoe", depth), gate_dropout=[0.0, 0.3, 0.5])


def test_a_row_without_gate_dropout_is_what_it_is_in_an_array_that_has_none() -> None:
    data = development(NAMES)
    dropping, plain = rows(2, gate_dropout=[0.0, 0.4]), rows(2)
    one, other = fit(recipe_of("mmoe"), data, dropping), fit(recipe_of("mmoe"), data, plain)
    assert all(np.array_equal(one[0].curves[name], other[0].curves[name], equal_nan=True) for name in CURVES)
    assert not np.array_equal(one[1].curves["train_loss"], other[1].curves["train_loss"])


@pytest.mark.usefixtures("double")
def test_permuting_the_tasks_permutes_the_results() -> None:
    expect_permutation(recipe_of("mmoe"), gate_dropout=0.3)


def unrelated() -> Development:
    """Two products of columns of their own: what serves one task is of no use to the other."""
    x = torch.randn(600, 8, generator=torch.Generator().manual_seed(1))
    targets = torch.stack([(x[:, 0] * x[:, 1]).abs() + x[:, 2], (x[:, 4] * x[:, 5]).abs() - x[:, 6]], dim=1)
    tasks = (Task("one", "regression", "mse"), Task("other", "regression", "mse"))
    return Development(tasks, Examples(x, targets), torch.ones(8, dtype=torch.bool))


def test_gates_of_their_own_serve_unrelated_tasks_better_than_one_for_all() -> None:
    """The paper's claim (section 5.2): the less tasks have in common, the more mmoe gains on omoe."""
    data, everyone = unrelated(), rows(4, learning_rate=1e-2, weight_decay=0.0)
    settings: dict[str, Any] = {"depth": 1, "stages": 1, "width": 3, "epochs": 40, "batch_size": 32}
    loss = {
        name: np.mean([outcome.curves["train_loss"][-1] for outcome in fit(recipe, data, everyone)])
        for name in ("mmoe", "omoe")
        if (recipe := Recipe(sharing=name, **settings))
    }
    assert loss["mmoe"] < 0.9 * loss["omoe"]


def test_what_cannot_be_says_why() -> None:
    def reason(recipe: Recipe) -> str:
        return why_infeasible(recipe, development(NAMES)) or ""

    assert reason(recipe_of("mmoe")) == ""
    assert reason(recipe_of("mmoe", experts=2, gate_dropout=0.1)) == ""
    assert "hard" in reason(recipe_of("mmoe", experts=1))
    assert "found 0" in reason(recipe_of("mmoe", experts=0))
    assert "gate_dropout" in reason(recipe_of("mmoe", gate_dropout=1.0))
    assert "independent" in reason(recipe_of("mmoe", 0))
    named = replace(development(NAMES), tasks=(Task("shared 3", "regression", "mse"), *development(NAMES).tasks[1:]))
    assert "rename" in (why_infeasible(recipe_of("mmoe"), named) or "")
