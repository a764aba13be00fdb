"""Sluice networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.layers.forward_context import ForwardContext
from mtl_core.network.feasibility import why_infeasible
from mtl_core.network.network import Network
from mtl_core.recipe import Recipe
from mtl_core.sharing.sluice import overlap
from mtl_core.testing.cases import fresh, shaken
from mtl_core.training.trainer import fit
from tests.mtl_core.sharing.harness import (
    STAGES,
    assert_rows_equal_plain,
    assert_same_function,
    batch,
    gradients_of,
    logits_of,
    network_for,
)
from tests.mtl_core.sharing.plain.sluice import Plain
from tests.mtl_core.worlds import development, rows


@pytest.mark.parametrize(("depth", "subspaces"), [(1, 2), (2, 3), (STAGES, 2)])
@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks_with_their_penalty(depth: int, subspaces: int) -> None:
    context = ForwardContext(training=True, options={"orthogonality": torch.tensor([0.3, 0.3])})
    network = network_for("sluice", depth, subspaces=subspaces)
    assert_rows_equal_plain(Plain, network, context, depth=depth, subspaces=subspaces, orthogonality=0.3)
    assert len(context.penalties) == 1


@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.parametrize("depth", [2, STAGES])
@pytest.mark.usefixtures("double")
def test_one_subspace_and_the_last_stage_only_equal_cross_stitch(depth: int, signals: int) -> None:
    network, stitched = network_for("sluice", depth, subspaces=1), network_for("cross_stitch", depth)
    theta, context = fresh(network), ForwardContext(training=True)
    with torch.no_grad():
        theta[network.trunk.mixture.weight].zero_()[..., -1] = 1.0
    assert_same_function(network, stitched, theta, fresh(stitched), signals)
    network(theta, batch(), context)
    assert not context.penalties


@pytest.mark.usefixtures("double")
def test_a_task_that_reads_the_first_stage_does_not_need_the_second() -> None:
    network = network_for("sluice", 2)
    theta = shaken(network)
    with torch.no_grad():
        theta[network.trunk.mixture.weight][:, 0] = torch.tensor([1.0, 0.0])
    slot = network.trunk.stages[1].slots[0]
    outputs = logits_of(network, theta, batch())
    first, others = outputs[:, 0].square().sum(), outputs[:, 1:].square().sum()
    assert (gradients_of(network, theta, first)[slot] == 0).all()
    outputs = logits_of(network, theta, batch())
    assert (gradients_of(network, theta, outputs[:, 1:].square().sum())[slot] != 0).any()
    assert others > 0


def test_subspaces_read_what_the_other_task_puts_into_them() -> None:
    """A sub-space that listens to one sub-space of another task has the features of that one."""
    network = network_for("sluice", 1)
    stitch, theta = network.trunk.stitches[0], fresh(network)
    with torch.no_grad():
        theta[stitch.weight].zero_()[:, 2, 0, 1, 1] = 1.0  # cow's first half hears ant's (one further) second half
    h = torch.randn(2, 3, 4, 6)
    mixed = stitch(theta, h)
    assert torch.equal(mixed[:, 2, :, :3], h[:, 0, :, 3:])
    assert (mixed[:, :2] == 0).all()
    assert (mixed[:, 2, :, 3:] == 0).all()


def test_a_strong_penalty_makes_the_subspaces_orthogonal() -> None:
    recipe = Recipe(sharing="sluice", depth=2, stages=2, width=8, epochs=10)
    data = development()
    outcomes = fit(recipe, data, rows(2, learning_rate=1e-2, orthogonality=[1e-4, 1.0]))
    network = Network(recipe, data.tasks, data.shape)
    theta = network.layout.theta(network.layout.unpack(torch.stack([o.state["parameters"] for o in outcomes])))
    weak, strong = sum(overlap(theta, stage.layers[-1], 2) for stage in network.trunk.stages)
    assert strong < 0.1 * weak


def test_impossible_networks_say_why() -> None:
    def reason(depth: int = 2, **options: Any) -> str:
        return (
            why_infeasible(Recipe(sharing="sluice", depth=depth, width=6, sharing_options=options), development()) or ""
        )

    assert reason() == reason(subspaces=3) == reason(subspaces=1) == ""
    assert "independent" in reason(0)
    assert "6 features do not fall into 4" in reason(subspaces=4)
    assert all("whole number" in reason(subspaces=wrong) for wrong in (0, 1.5, True))
