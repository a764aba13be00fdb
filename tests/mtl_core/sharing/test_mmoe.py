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
from mtl_core.recipe import Recipe
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    THREE,
    assert_rows_equal_plain,
    network_for,
)
from tests.mtl_core.sharing.plain.mmoe import Plain
from tests.mtl_core.sharing.trained import (
    NAMES,
    expect_curves,
    trained_recipe,
    transplanted,
    worlds,
)
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("experts", [1, 3, 4])
@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_what_ordinary_modules_do(depth: int, experts: int) -> None:
    assert_rows_equal_plain(Plain, network_for("mmoe", depth, experts=experts), depth=depth, experts=experts)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("own", [False, True])
def test_one_expert_trains_like_hard(depth: int, own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3)
    one = fit(trained_recipe("mmoe", depth, experts=1), data, everyone)
    expect_curves(one, fit(trained_recipe("hard", depth), data, everyone), 1e-12)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("own", [False, True])
def test_an_expert_for_each_task_behind_frozen_gates_trains_like_independent(own: bool) -> None:
    """Biases so far apart that every gate is one-hot, with a gradient of zero."""
    data, everyone = worlds()[own], rows(2)
    tasks = len(data.tasks)
    networks, mixture = trained_recipe("independent", None), trained_recipe("mmoe", experts=tasks)

    def close(values: dict[str, Tensor]) -> None:
        values["gate0.bias"].copy_(2e3 * torch.eye(tasks))

    states = {row.key: transplanted(networks, mixture, data, row, close) for row in everyone}
    found = fit(mixture, data, everyone, states=states)
    expect_curves(found, fit(networks, data, everyone), 1e-11)


def test_experts_are_everybodys_and_a_gate_is_its_tasks_own() -> None:
    """That the losses reach what is declared here is checked by the contract."""
    trunk = network_for("mmoe", 2).trunk
    assert {copy.users for slot in trunk.experts.slots for copy in slot.copies} == {None}
    assert [copy.users for copy in trunk.gates.weight.copies] == [{task.name} for task in THREE]


def test_a_row_without_gate_dropout_is_what_it_is_in_an_array_that_has_none() -> None:
    data = development(NAMES)
    dropping, plain = rows(2, gate_dropout=[0.0, 0.4]), rows(2)
    one, other = fit(trained_recipe("mmoe"), data, dropping), fit(trained_recipe("mmoe"), data, plain)
    assert all(np.array_equal(one[0].curves[name], other[0].curves[name], equal_nan=True) for name in CURVES)
    assert not np.array_equal(one[1].curves["train_loss"], other[1].curves["train_loss"])


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

    assert reason(trained_recipe("mmoe")) == ""
    assert reason(trained_recipe("mmoe", experts=2, gate_dropout=0.1)) == ""
    assert "hard" in reason(trained_recipe("mmoe", experts=1))
    assert "found 0" in reason(trained_recipe("mmoe", experts=0))
    assert "gate_dropout" in reason(trained_recipe("mmoe", gate_dropout=1.0))
    assert "independent" in reason(trained_recipe("mmoe", 0))
    named = replace(development(NAMES), tasks=(Task("shared 3", "regression", "mse"), *development(NAMES).tasks[1:]))
    assert "rename" in (why_infeasible(trained_recipe("mmoe"), named) or "")
