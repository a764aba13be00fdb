"""Multi-task attention networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import EVALUATION, ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import fresh, shaken
from tests.mtl_core.sharing.harness import (
    INPUTS,
    STAGES,
    WIDTH,
    assert_rows_equal_plain,
    assert_same_function,
    batch,
    gradients_of,
    logits_of,
    network_for,
    values_of,
)
from tests.mtl_core.sharing.plain.mtan import Plain
from tests.mtl_core.worlds import development

FAR = 1e3
"""A pre-activation at which the mask is 0 or 1 to the last bit."""


def fixed(network: Network, theta: Theta, value: float) -> None:
    """Let every mask be the same everywhere."""
    with torch.no_grad():
        for mask in network.trunk.masks:
            last = mask.write_norm.slots or mask.write.slots
            theta[last[0]].zero_()
            theta[last[1]].fill_(value)


OPTIONS: list[dict[str, Any]] = [{}, {"mask_norm": "none", "feature_layers": False}, {"mask_norm": "layer"}]


@pytest.mark.parametrize("context", [EVALUATION, ForwardContext(training=True)], ids=["evaluation", "training"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_rows_are_networks_as_the_paper_describes_them(
    depth: int, options: dict[str, Any], context: ForwardContext
) -> None:
    assert_rows_equal_plain(Plain, network_for("mtan", depth, **options), context, depth=depth, **options)


@pytest.mark.usefixtures("double")
def test_running_averages_are_those_of_ordinary_batch_norms() -> None:
    network = network_for("mtan", 2)
    theta = shaken(network)
    modules = [Plain(3, INPUTS, 3, STAGES, WIDTH, 2) for _ in range(2)]
    for row, module in enumerate(modules):
        module.load(values_of(theta, row))
    for seed in range(3):
        network(theta, batch(seed=seed), ForwardContext(training=True))
        for row, module in enumerate(modules):
            module(batch(seed=seed)[row, 0])
    for row, module in enumerate(modules):
        found = Plain(3, INPUTS, 3, STAGES, WIDTH, 2)
        found.load(values_of(theta, row))
        kept, averages = dict(found.named_buffers()), dict(module.named_buffers())
        for name in (name for name in kept if "running" in name):
            torch.testing.assert_close(kept[name], averages[name], rtol=1e-10, atol=1e-10)


def test_the_papers_norms_and_feature_layers_are_the_default() -> None:
    names = {slot.name for slot in network_for("mtan", 2).layout.slots}
    assert {
        "features1.weight",
        "features1.norm.mean",
        "attention0.read.norm.mean",
        "attention1.write.norm.gain",
    } <= names
    plain = {slot.name for slot in network_for("mtan", 2, mask_norm="none", feature_layers=False).layout.slots}
    assert not any("norm" in name or "features" in name for name in plain)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_masks_of_one_equal_hard_sharing(depth: int, signals: int, options: dict[str, Any]) -> None:
    network, hard = network_for("mtan", depth, **options), network_for("hard", depth)
    theta = fresh(network)
    fixed(network, theta, FAR)
    assert_same_function(network, hard, theta, fresh(hard), signals)


@pytest.mark.usefixtures("double")
def test_a_task_can_shut_a_shared_feature_out_without_taking_it_from_the_others() -> None:
    network = network_for("mtan", 2)
    theta = fresh(network)
    fixed(network, theta, FAR)
    with torch.no_grad():
        theta[network.trunk.masks[1].write_norm.slots[1]][:, 0, 2] = -FAR
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
