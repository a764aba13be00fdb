"""Customised gate control."""

from __future__ import annotations

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.testing.cases import shaken
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    INPUTS,
    STAGES,
    THREE,
    WIDTH,
    assert_rows_equal_plain,
    network_for,
)
from tests.mtl_core.sharing.plain.cgc import Plain
from tests.mtl_core.sharing.trained import (
    NAMES,
    expect_curves,
    trained_recipe,
    worlds,
)
from tests.mtl_core.test_fusion import same
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", [{}, {"shared_experts": 3, "own_experts": 2}, {"own_experts": 3}], ids=str)
@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_what_ordinary_modules_do(depth: int, options: dict[str, int]) -> None:
    assert_rows_equal_plain(Plain, network_for("cgc", depth, **options), depth=depth, **options)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("own", [False, True])
def test_one_own_expert_and_no_shared_one_train_like_independent(depth: int, own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3)
    found = fit(trained_recipe("cgc", depth, shared_experts=0, own_experts=1), data, everyone)
    expect_curves(found, fit(trained_recipe("independent", None), data, everyone), 1e-12)


@pytest.mark.parametrize("own", [False, True])
def test_without_own_experts_it_is_mmoe_to_the_last_bit(own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3, gate_dropout=0.3)
    found = fit(trained_recipe("cgc", shared_experts=3, own_experts=0), data, everyone)
    expected = fit(trained_recipe("mmoe", experts=3), data, everyone)
    expect_curves(found, expected, 0.0)


def test_a_task_reaches_its_own_experts_and_the_shared_ones() -> None:
    network = network_for("cgc", 2, shared_experts=2, own_experts=2)
    theta = shaken(network)
    (outputs,) = network(theta, torch.randn(2, 1, 40, INPUTS, generator=torch.Generator().manual_seed(0)))
    own, shared = (slot for slot in network.layout.slots if slot.name == "stage0.weight")
    for task in range(3):
        found = torch.autograd.grad(outputs[:, task].square().sum(), [theta[own], theta[shared]], retain_graph=True)
        reached = [gradient.flatten(2).ne(0).any(dim=2)[0].tolist() for gradient in found]
        assert reached == [[place // 2 == task for place in range(6)], [True, True]]


def test_parameters_are_counted_by_its_formula() -> None:
    network = network_for("cgc", 2, shared_experts=2, own_experts=3)
    expert, stage = (INPUTS + 1) * WIDTH + (WIDTH + 1) * WIDTH, (WIDTH + 1) * WIDTH
    gate, head = (INPUTS + 1) * 5, (WIDTH + 1) * 3
    assert network.layout.count_shared() == 2 * expert
    assert network.layout.size == 2 * expert + 3 * (3 * expert + gate + (STAGES - 2) * stage + head)


def test_a_tasks_own_experts_see_its_own_inputs_alone() -> None:
    """Other tasks' examples change nothing where nothing is shared, dropout masks included."""
    recipe, everyone = trained_recipe("cgc", shared_experts=0, own_experts=2), rows(2, dropout=0.3)
    network = Network(recipe, THREE, (INPUTS,))
    theta = shaken(network)
    x = torch.randn(2, 3, 9, INPUTS, generator=torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 1:] += 1
    (one,), (other,) = network(theta, x), network(theta, changed)
    assert torch.equal(one[:, 0], other[:, 0])
    again = fit(recipe, worlds()[1], everyone)
    assert all(same(*pair) for pair in zip(again, fit(recipe, worlds()[1], everyone), strict=True))


def test_what_cannot_be_says_why() -> None:
    data = development(NAMES)
    assert why_infeasible(trained_recipe("cgc"), data) is None
    assert "nothing is shared" in (why_infeasible(trained_recipe("cgc", shared_experts=0), data) or "")
    assert "mmoe" in (why_infeasible(trained_recipe("cgc", own_experts=0), data) or "")
    assert "gate_dropout" in (why_infeasible(trained_recipe("cgc", gate_dropout=-0.1), data) or "")
