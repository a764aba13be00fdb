"""Multi-task attention networks."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import Theta
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import fresh
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_rows_equal_plain,
    assert_same_function,
    batch,
    gradients_of,
    logits_of,
    network_for,
)
from tests.mtl_core.sharing.plain.mtan import Plain
from tests.mtl_core.worlds import development

FAR = 1e3
"""A pre-activation at which the mask is 0 or 1 to the last bit."""


def fixed(network: Network, theta: Theta, value: float) -> None:
    """Let every mask be the same everywhere."""
    with torch.no_grad():
        for mask in network.trunk.masks:
            theta[mask.write.weight].zero_()
            theta[mask.write.bias].fill_(value)


@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks(depth: int) -> None:
    assert_rows_equal_plain(Plain, network_for("mtan", depth), depth=depth)


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_masks_of_one_equal_hard_sharing(depth: int, signals: int) -> None:
    network, hard = network_for("mtan", depth), network_for("hard", depth)
    theta = fresh(network)
    fixed(network, theta, FAR)
    assert_same_function(network, hard, theta, fresh(hard), signals)


@pytest.mark.usefixtures("double")
def test_a_task_can_shut_a_shared_feature_out_without_taking_it_from_the_others() -> None:
    network = network_for("mtan", 2)
    theta = fresh(network)
    fixed(network, theta, FAR)
    with torch.no_grad():
        theta[network.trunk.masks[1].write.bias][:, 0, 2] = -FAR
    slot = network.trunk.stages[1].slots[0]

    def reaches(task: int) -> torch.Tensor:
        outputs = logits_of(network, theta, batch())
        return gradients_of(network, theta, outputs[:, task].square().sum())[slot].ne(0).any(dim=2)[:, 0]

    assert not reaches(0)[:, 2].any()
    assert reaches(0).any()
    assert reaches(1)[:, 2].any()


def test_impossible_networks_say_why() -> None:
    assert why_infeasible(Recipe(sharing="mtan", depth=2), development()) is None
    assert "independent" in (why_infeasible(Recipe(sharing="mtan", depth=0), development()) or "")
