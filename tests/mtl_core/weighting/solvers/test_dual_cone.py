"""Projection on the dual cone."""

from __future__ import annotations

import pytest
import torch

from mtl_core.weighting.solvers import block_pivoting, dual_cone
from mtl_core.weighting.solvers.gramian import ridged
from tests.mtl_core.weighting.solvers.families import FAMILIES, SIZES, WILD, gradients, parts_of, projected


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_task_gradient_goes_where_least_squares_put_it(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks, rows=2)
    each = torch.eye(tasks, dtype=torch.float64).expand(2, tasks, tasks)
    weights, solved = dual_cone.project(parts_of(jacobian), each)
    assert solved.all()
    for gradient, lengths, mixed in zip(jacobian, jacobian.norm(dim=2), weights @ jacobian, strict=True):
        expected = torch.stack([projected(row, gradient) for row in gradient])
        assert ((mixed - expected).norm(dim=1) / lengths).max() < 1e-7


@pytest.mark.parametrize("tasks", SIZES)
@pytest.mark.parametrize("family", FAMILIES + WILD)
def test_nothing_is_taken_away_and_nobody_is_in_conflict(family: str, tasks: int) -> None:
    jacobian = gradients(family, tasks)
    each = torch.eye(tasks, dtype=torch.float64).expand(6, tasks, tasks)
    weights, solved = dual_cone.project(parts_of(jacobian), each)
    assert solved.all()
    assert (weights >= each).all()
    lengths = jacobian.norm(dim=2).clamp(min=1e-300)
    cosines = (weights @ (jacobian @ jacobian.mT)) / lengths.unsqueeze(1) / lengths.unsqueeze(2)
    assert cosines.min() >= -1e-8


@pytest.mark.parametrize("family", FAMILIES + WILD)
def test_the_closed_form_for_two_tasks_is_what_the_solver_finds(family: str) -> None:
    parts = parts_of(gradients(family, 2))
    wanted = torch.rand(6, 7, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    closed, _ = dual_cone.project(parts, wanted)
    linear = (wanted * parts.norms.unsqueeze(1)) @ parts.cosines
    x, _ = block_pivoting.nonnegative(ridged(parts.cosines), linear)
    general = wanted * parts.norms.unsqueeze(1) + x
    size = (wanted * parts.norms.unsqueeze(1)).amax().clamp(min=1e-300)
    torch.testing.assert_close(closed * parts.norms.unsqueeze(1) / size, general / size, rtol=0, atol=1e-9)
