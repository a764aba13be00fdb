"""The best worst case in a ball."""

from __future__ import annotations

import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor

from mtl_core.weighting.solvers.trust_ball import best_in_ball
from tests.mtl_core.weighting.solvers.families import FAMILIES, SIZES, WILD, directions, gradients, parts_of

RADII = (0.05, 0.4, 0.95)


def solved(jacobian: Tensor, radius: float) -> tuple[Tensor, Tensor, Tensor]:
    """Added weights, the mean gradient's weights, and which rows are said to be solved."""
    mean = torch.full(jacobian.shape[:2], 1 / jacobian.shape[1], dtype=torch.float64)
    added, found = best_in_ball(parts_of(jacobian), mean, radius)
    return added, mean, found


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("radius", RADII)
def test_no_direction_in_the_ball_has_a_better_worst_case(radius: float, family: str, tasks: int) -> None:
    """The worst case is as good as the bound that the weights, as a point of the simplex, prove for all directions."""
    jacobian = gradients(family, tasks)
    added, mean, found = solved(jacobian, radius)
    assert found.all()
    assert (added >= 0).all()
    start, more = directions(mean, jacobian), directions(added, jacobian)
    length = start.norm(dim=1)
    torch.testing.assert_close(more.norm(dim=1), radius * length, rtol=1e-6, atol=0)
    reached = (jacobian @ (start + more).unsqueeze(2)).squeeze(2).amin(dim=1)
    point = directions(added / added.sum(dim=1, keepdim=True), jacobian)
    bound = (point * start).sum(dim=1) + radius * length * point.norm(dim=1)
    smallest = jacobian.norm(dim=2).amin(dim=1)
    assert ((bound - reached).abs() / (length * smallest)).max() < 1e-4


@pytest.mark.parametrize("tasks", [2, 5, 10])
@pytest.mark.parametrize("radius", RADII)
def test_the_dual_optimum_is_that_of_sequential_quadratic_programming(radius: float, tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    added, _, _ = solved(jacobian, radius)
    points = added / added.sum(dim=1, keepdim=True)
    for rows, point in zip(jacobian.numpy(), points.numpy(), strict=True):
        start = rows.mean(axis=0)

        def dual(v, rows=rows, start=start):
            return float(v @ rows @ start + radius * (start @ start) ** 0.5 * ((v @ rows) @ (v @ rows)) ** 0.5)

        simplex = {"type": "eq", "fun": lambda v: v.sum() - 1}
        found = minimize(
            dual,
            [1 / tasks] * tasks,
            method="SLSQP",
            bounds=[(0, 1)] * tasks,
            constraints=simplex,
            options={"ftol": 1e-14},
        )
        assert dual(point) <= found.fun + 1e-9 * abs(found.fun)
        assert dual(point) == pytest.approx(found.fun, rel=1e-6)


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", WILD)
def test_the_solver_ends_where_gradients_cancel(family: str, tasks: int) -> None:
    added, _, found = solved(gradients(family, tasks), 0.4)
    assert found.all()
    assert added.isfinite().all()
    assert (added >= 0).all()


def test_a_ball_without_size_is_the_mean() -> None:
    added, _, found = solved(gradients("conflicting", 5), 0.0)
    assert found.all()
    assert added.abs().max() < 1e-9


def test_a_solver_that_is_stopped_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.weighting.solvers.trust_ball.LIMIT", 1)
    added, _, found = solved(gradients("conflicting", 10), 0.4)
    assert not found.any()
    assert added.isfinite().all()
