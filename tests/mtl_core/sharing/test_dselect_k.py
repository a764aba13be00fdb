"""DSelect-k: gates that end sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import shaken
from mtl_core.training.fused_array import CURVES
from mtl_core.training.trainer import Outcome, fit
from tests.mtl_core.sharing.harness import (
    INPUTS,
    STAGES,
    WIDTH,
    assert_rows_equal_plain,
    network_for,
    values_of,
)
from tests.mtl_core.sharing.plain.dselect_k import Plain
from tests.mtl_core.sharing.trained import (
    NAMES,
    expect_curves,
    trained_recipe,
    transplanted,
)
from tests.mtl_core.worlds import development, rows

OPTIONS: list[dict[str, Any]] = [
    {},
    {"experts": 8, "selectors": 3, "smooth_step_width": 2.5},
    {"gate": "example"},
    {"gate": "example", "experts": 2, "selectors": 1, "smooth_step_width": 0.5},
]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_what_ordinary_modules_do(depth: int, options: dict[str, Any]) -> None:
    assert_rows_equal_plain(Plain, network_for("dselect_k", depth, **options), unused=True, depth=depth, **options)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_entropy_of_the_selectors_joins_the_objective_in_training(options: dict[str, Any]) -> None:
    network = network_for("dselect_k", 2, **options)
    theta, strengths = shaken(network), torch.tensor([0.2, 3.0])
    x = torch.randn(2, 1, 9, INPUTS, generator=torch.Generator().manual_seed(5))
    tuned, fixed = (
        ForwardContext(training=True, options=options_) for options_ in ({"selector_entropy": strengths}, {})
    )
    for context in (tuned, fixed, EVALUATION):
        network(theta, x, context)
    assert not EVALUATION.penalties
    for row in range(2):
        plain = Plain(3, INPUTS, 3, STAGES, WIDTH, 2, **options)
        plain.load(values_of(theta, row))
        entropy = plain.entropy(x[row, 0])
        assert entropy > 0.1
        torch.testing.assert_close(tuned.penalties[0][row], strengths[row] * entropy, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(fixed.penalties[0][row], 0.1 * entropy, rtol=1e-9, atol=1e-9)


def static_weights(outcome: Outcome, recipe: Recipe, data) -> Tensor:
    """Weights ``[t, e]`` of a trained row."""
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(outcome.state["parameters"][None].repeat(2, 1)))
    return network.trunk.gates(theta, torch.zeros(2, 1, 1, data.num_inputs))[0][0, :, :, 0].detach()


@pytest.mark.parametrize("selectors", [1, 2])
def test_at_convergence_a_task_uses_at_most_as_many_experts_as_it_has_selectors(selectors: int) -> None:
    data = development(NAMES)
    recipe = Recipe(
        sharing="dselect_k", depth=1, stages=1, width=4, epochs=60, batch_size=32, schedule="constant",
        sharing_options={"experts": 8, "selectors": selectors},
    )  # fmt: skip
    everyone = rows(3, learning_rate=1e-2, weight_decay=0.0, selector_entropy=0.3)
    for outcome in fit(recipe, data, everyone):
        weights = static_weights(outcome, recipe, data)
        assert weights.ne(0).sum(dim=1).max() <= selectors
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))


def test_without_the_entropy_it_has_not_chosen_by_then() -> None:
    """So that the test above owes its outcome to the regulariser."""
    data = development(NAMES)
    recipe = Recipe(
        sharing="dselect_k", depth=1, stages=1, width=4, epochs=60, batch_size=32, schedule="constant",
        sharing_options={"experts": 8},
    )  # fmt: skip
    outcomes = fit(recipe, data, rows(3, learning_rate=1e-2, weight_decay=0.0, selector_entropy=0.0))
    used = torch.stack([static_weights(outcome, recipe, data).ne(0).sum(dim=1) for outcome in outcomes])
    assert used.max() > 2


@pytest.mark.usefixtures("double")
def test_selectors_that_have_chosen_an_expert_for_each_task_train_like_independent() -> None:
    data = development(NAMES)
    networks = trained_recipe("independent", None)
    sparse = trained_recipe("dselect_k", experts=4, selectors=1)
    everyone = rows(2)

    def choose(values: dict[str, Tensor]) -> None:
        values["gate0.code.bias"].copy_(torch.tensor([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]))

    states = {row.key: transplanted(networks, sparse, data, row, choose) for row in everyone}
    expect_curves(fit(sparse, data, everyone, states=states), fit(networks, data, everyone), 1e-11)


@pytest.mark.parametrize("gate", ["static", "example"])
def test_a_row_without_gate_dropout_is_what_it_is_in_an_array_that_has_none(gate: str) -> None:
    data, recipe = development(NAMES), trained_recipe("dselect_k", gate=gate)
    dropping, plain = rows(2, gate_dropout=[0.0, 0.4]), rows(2)
    one, other = fit(recipe, data, dropping), fit(recipe, data, plain)
    assert all(np.array_equal(one[0].curves[name], other[0].curves[name], equal_nan=True) for name in CURVES)
    assert not np.array_equal(one[1].curves["train_loss"], other[1].curves["train_loss"])


def test_what_cannot_be_says_why() -> None:
    def reason(**options: Any) -> str:
        return why_infeasible(trained_recipe("dselect_k", **options), development(NAMES)) or ""

    assert reason() == reason(experts=8, selectors=8, gate="example") == ""
    assert "hard" in reason(experts=1)
    assert "power of two" in reason(experts=6)
    assert "found 0" in reason(selectors=0)
    assert "outnumber" in reason(selectors=5)
    assert "static or example" in reason(gate="sparse")
    assert "gate_dropout" in reason(gate_dropout=1.0)
    assert "above 0" in reason(smooth_step_width=0.0)
