"""The mixture of experts with one gate."""

from __future__ import annotations

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.testing.cases import shaken
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    INPUTS,
    assert_rows_equal_plain,
    network_for,
)
from tests.mtl_core.sharing.plain.omoe import Plain
from tests.mtl_core.sharing.trained import (
    NAMES,
    expect_curves,
    trained_recipe,
    worlds,
)
from tests.mtl_core.worlds import development, rows


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("depth", [1, 3])
def test_it_is_what_ordinary_modules_do(depth: int) -> None:
    assert_rows_equal_plain(Plain, network_for("omoe", depth), depth=depth)


@pytest.mark.usefixtures("double")
def test_for_a_single_task_it_is_mmoe() -> None:
    """With dropout of units; the gates' own dropout has another stream, for the gate bears another name."""
    data, everyone = development(("grade",)), rows(2, dropout=0.3)
    expect_curves(fit(trained_recipe("omoe"), data, everyone), fit(trained_recipe("mmoe"), data, everyone), 1e-12)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("own", [False, True])
def test_one_expert_trains_like_hard(own: bool) -> None:
    data, everyone = worlds()[own], rows(2, dropout=0.3)
    one = fit(trained_recipe("omoe", experts=1), data, everyone)
    expect_curves(one, fit(trained_recipe("hard"), data, everyone), 1e-12)


def test_all_tasks_see_one_mixture_and_move_its_gate() -> None:
    network = network_for("omoe", 3)
    theta = shaken(network)
    x = torch.randn(2, 1, 20, INPUTS, generator=torch.Generator().manual_seed(0))
    (outputs,) = network(theta, x)
    for task in range(3):
        leaf = theta[network.trunk.gates.weight]
        (gradient,) = torch.autograd.grad(outputs[:, task].square().sum(), leaf, retain_graph=True)
        assert gradient.shape[1] == 1
        assert gradient.any()


def test_what_cannot_be_says_why() -> None:
    assert why_infeasible(trained_recipe("omoe"), development(NAMES)) is None
    assert "hard" in (why_infeasible(trained_recipe("omoe", experts=1), development(NAMES)) or "")
    assert "nobody" in (why_infeasible(trained_recipe("omoe"), development(NAMES[:1])) or "")
