"""Progressive layered extraction."""

from __future__ import annotations

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.cases import shaken
from tests.mtl_core.sharing.gated import (
    ALIKE,
    INPUTS,
    NAMES,
    STAGES,
    compare_with,
    expect_curves,
    expect_permutation,
    expect_training,
    recipe_of,
    worlds,
)
from tests.mtl_core.sharing.plain.ple import Plain
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", [{}, {"shared_experts": 3, "own_experts": 2}, {"own_experts": 3}], ids=str)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_what_ordinary_modules_do(depth: int, options: dict[str, int]) -> None:
    compare_with(Plain, recipe_of("ple", depth, **options), **options)


@pytest.mark.parametrize("own", [False, True])
def test_one_level_is_cgc_to_the_last_bit(own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3, gate_dropout=0.3)
    options = {"shared_experts": 2, "own_experts": 2}
    expect_curves(
        fit(recipe_of("ple", 1, **options), data, everyone), fit(recipe_of("cgc", 1, **options), data, everyone), 0
    )


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_one_own_expert_and_no_shared_one_train_like_independent(depth: int) -> None:
    data, everyone = development(NAMES), rows(2, dropout=0.3)
    found = fit(recipe_of("ple", depth, shared_experts=0, own_experts=1), data, everyone)
    expect_curves(found, fit(recipe_of("independent", None), data, everyone), 1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize(
    "options", [{}, {"shared_experts": 2, "own_experts": 2}, {"shared_experts": 0, "own_experts": 2}], ids=str
)
def test_who_reaches_what_is_what_is_declared(depth: int, options: dict[str, int]) -> None:
    """Levels with a shared gate behind them are everybody's; the last level's own experts are their task's."""
    network = Network(recipe_of("ple", depth, **options), ALIKE, (INPUTS,))
    theta = shaken(network)
    (outputs,) = network(theta, torch.randn(2, 1, 40, INPUTS, generator=torch.Generator().manual_seed(0)))
    for task, each in enumerate(ALIKE):
        found = torch.autograd.grad(
            outputs[:, task].square().sum(), list(theta.values()), retain_graph=True, materialize_grads=True,
            allow_unused=True,
        )  # fmt: skip
        for slot, gradient in zip(theta, found, strict=True):
            reached = gradient.view(2, len(slot.copies), -1).ne(0).any(dim=2).any(dim=0).tolist()
            declared = [copy.users is None or each.name in copy.users for copy in slot.copies]
            assert reached == declared, (slot.name, each.name)


def test_only_the_last_levels_own_experts_are_private() -> None:
    network = Network(recipe_of("ple", STAGES), ALIKE, (INPUTS,))
    private = {
        slot.name for slot in network.layout.slots if all(copy.users and len(copy.users) == 1 for copy in slot.copies)
    }
    assert {name for name in private if "weight" in name} == {
        "gate1.weight", "gate2.weight", "stage2.weight", "head.multiclass3.weight",
    }  # fmt: skip
    assert not [slot for slot in network.layout.slots if slot.name.startswith("shared_gate2")]


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_trains_on_common_and_own_inputs_and_rows_keep_their_bits(depth: int) -> None:
    expect_training(recipe_of("ple", depth), gate_dropout=[0.0, 0.3, 0.5])


@pytest.mark.usefixtures("double")
def test_permuting_the_tasks_permutes_the_results() -> None:
    expect_permutation(recipe_of("ple", 3, shared_experts=2, own_experts=2), gate_dropout=0.3)


def test_what_cannot_be_says_why() -> None:
    data = development(NAMES)
    assert why_infeasible(recipe_of("ple"), data) is None
    assert "nothing is shared" in (why_infeasible(recipe_of("ple", shared_experts=0), data) or "")
    assert "own_experts" in (why_infeasible(recipe_of("ple", own_experts=0), data) or "")
    assert "gate_dropout" in (why_infeasible(recipe_of("ple", gate_dropout=2), data) or "")
