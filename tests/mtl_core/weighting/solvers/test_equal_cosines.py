"""Equal cosines."""

from __future__ import annotations

import pytest
import torch

from mtl_core.weighting.solvers.equal_cosines import equal_cosines
from tests.mtl_core.weighting.solvers.families import FAMILIES, SIZES, WILD, directions, gradients, parts_of


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "dependent"])
def test_the_direction_is_at_the_same_angle_to_every_gradient(family: str, tasks: int) -> None:
    units = torch.nn.functional.normalize(gradients(family, tasks), dim=2)
    direction = directions(equal_cosines(parts_of(units)), units)
    cosines = (units @ direction.unsqueeze(2)).squeeze(2) / direction.norm(dim=1, keepdim=True)
    assert (cosines > 0).all()
    assert (cosines / cosines.mean(dim=1, keepdim=True) - 1).abs().max() < 1e-5


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES + WILD)
def test_weights_add_up_to_one(family: str, tasks: int) -> None:
    parts = parts_of(gradients(family, tasks))
    weights = equal_cosines(parts)
    torch.testing.assert_close(weights.sum(dim=1), parts.alive.any(dim=1).double())


def test_equal_gradients_have_equal_weights() -> None:
    weights = equal_cosines(parts_of(gradients("twice", 5)))
    torch.testing.assert_close(weights[:, 0], weights[:, 1], rtol=1e-3, atol=0)


def test_gradients_that_cancel_are_added_up_to_nothing() -> None:
    units = torch.nn.functional.normalize(gradients("opposite", 5), dim=2)
    assert directions(equal_cosines(parts_of(units)), units).norm(dim=1).max() < 1e-6
