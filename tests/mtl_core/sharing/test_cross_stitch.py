"""Cross-stitch networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.network.feasibility import why_infeasible
from mtl_core.recipe import Recipe
from mtl_core.testing.cases import fresh
from tests.mtl_core.sharing.harness import (
    STAGES,
    WIDTH,
    assert_rows_equal_plain,
    assert_same_function,
    network_for,
)
from tests.mtl_core.sharing.plain.cross_stitch import Plain
from tests.mtl_core.worlds import development

both = pytest.mark.parametrize("per_channel", [False, True])


@both
@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_rows_are_ordinary_networks(depth: int, per_channel: bool) -> None:
    network = network_for("cross_stitch", depth, per_channel=per_channel)
    assert_rows_equal_plain(Plain, network, depth=depth, per_channel=per_channel)


@both
@pytest.mark.parametrize("signals", [1, 3])
@pytest.mark.usefixtures("double")
def test_the_frozen_identity_equals_independent(per_channel: bool, signals: int) -> None:
    """From the same seeds, for the stages begin alike."""
    network, alone = network_for("cross_stitch", 2, per_channel=per_channel), network_for("independent")
    theta = fresh(network)
    with torch.no_grad():
        for stitch in network.trunk.stitches:
            theta[stitch.weight].zero_().view(2, 3, 3, -1)[:, :, 0] = 1.0
    assert_same_function(network, alone, theta, fresh(alone), signals)


@both
@pytest.mark.parametrize("depth", [1, 2, STAGES])
@pytest.mark.usefixtures("double")
def test_rows_that_all_choose_one_copy_say_what_hard_sharing_says(per_channel: bool, depth: int) -> None:
    """The other end of what the mixture spans."""
    network, hard = network_for("cross_stitch", depth, per_channel=per_channel), network_for("hard", depth)
    theta, expected = fresh(network), fresh(hard)
    with torch.no_grad():
        for stitch in network.trunk.stitches:
            rows = theta[stitch.weight].zero_().view(2, 3, 3, -1)
            for task in range(3):
                rows[:, task, (1 - task) % 3] = 1.0  # the copy of the second task
        for slot, value in expected.items():
            mine = next(slot_ for slot_ in theta if slot_.name == slot.name)
            value.copy_(theta[mine][:, 1:2] if value.shape[1] == 1 else theta[mine])
    x = torch.randn(2, 1, 7, 5)
    torch.testing.assert_close(network(theta, x)[0], hard(expected, x)[0], rtol=1e-12, atol=1e-12)


@both
def test_it_starts_near_the_identity(per_channel: bool) -> None:
    network = network_for("cross_stitch", 1, per_channel=per_channel)
    matrix = network.trunk.stitches[0].matrix(fresh(network)).reshape(2, 3, 3, -1)
    expected = torch.full((3, 3), 0.05) + 0.85 * torch.eye(3)
    torch.testing.assert_close(matrix, expected.view(1, 3, 3, 1).expand_as(matrix))
    assert matrix.shape[3] == (WIDTH if per_channel else 1)


def test_impossible_networks_say_why() -> None:
    def reason(depth: int, **options: Any) -> str:
        return why_infeasible(Recipe(sharing="cross_stitch", depth=depth, sharing_options=options), development()) or ""

    assert reason(2) == reason(2, per_channel=True) == ""
    assert "independent" in reason(0)
    assert "per_channel" in reason(2, per_channel=3)
