"""The shortest convex combination."""

from __future__ import annotations

import pytest
import torch

from mtl_core.weighting.solvers import block_pivoting
from mtl_core.weighting.solvers import min_norm as hull
from mtl_core.weighting.solvers.gramian import ridged
from tests.mtl_core.weighting.solvers.families import (
    FAMILIES,
    SIZES,
    WILD,
    directions,
    everybody,
    gradients,
    parts_of,
    shortest,
)


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES)
def test_no_convex_combination_is_shorter(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, solved = hull.min_norm(parts_of(jacobian), everybody(jacobian))
    assert solved.all()
    torch.testing.assert_close(directions(weights, jacobian).norm(dim=1), shortest(jacobian), rtol=1e-6, atol=0)


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES + WILD)
def test_weights_are_a_point_of_the_simplex(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, solved = hull.min_norm(parts_of(jacobian), everybody(jacobian))
    assert solved.all()
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(6, dtype=torch.float64))


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", ["stationary", "opposite", "zero", "one zero"])
def test_where_zero_is_in_the_hull_it_is_found(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    weights, _ = hull.min_norm(parts_of(jacobian), everybody(jacobian))
    assert directions(weights, jacobian).norm(dim=1).max() <= 1e-10 * jacobian.norm(dim=2).max()


@pytest.mark.parametrize("family", FAMILIES + WILD)
def test_the_closed_form_for_two_tasks_is_what_the_solver_finds(family: str) -> None:
    jacobian = gradients(family, 2)
    parts = parts_of(jacobian)
    closed, _ = hull.min_norm(parts, everybody(jacobian))
    light = parts.inverse / parts.inverse.norm(dim=1, keepdim=True).clamp(min=1e-300)
    u, _ = block_pivoting.nonnegative(ridged(parts.cosines), -light.unsqueeze(1))
    general = u.squeeze(1) * light
    alive = parts.alive.all(dim=1)
    general = general[alive] / general[alive].sum(dim=1, keepdim=True)
    sizes = jacobian[alive].norm(dim=2).amin(dim=1, keepdim=True)  # weights of equal gradients may be anything
    difference = directions(closed[alive] - general, jacobian[alive]) / sizes
    assert (difference.norm(dim=1) < 1e-9).all()
