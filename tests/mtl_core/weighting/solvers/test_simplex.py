"""Projection on the simplex, against plain loops and the conditions of optimality."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.weighting.solvers.simplex import project, rescale


def points(rows: int = 40, tasks: int = 7, size: float = 1.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    present = torch.rand(rows, tasks, generator=generator) < 0.7
    return size * torch.randn(rows, tasks, generator=generator), present


def by_bisection(point: Tensor) -> Tensor:
    low, high = point.min() - 1, point.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (point - middle).clamp(min=0).sum() > 1 else (low, middle)
    return (point - low).clamp(min=0)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("size", [0.0, 1e-3, 0.3, 1.0, 30.0])
def test_it_is_the_point_that_bisection_finds(size: float) -> None:
    given, present = points(size=size)
    for found, point, here in zip(project(given, present), given, present, strict=True):
        assert (found[~here] == 0).all()
        if here.any():
            torch.testing.assert_close(found[here], by_bisection(point[here]))


def test_weights_stay_where_they_are() -> None:
    weights = points()[0].softmax(dim=1)
    torch.testing.assert_close(project(weights, torch.ones_like(weights, dtype=torch.bool)), weights)


@pytest.mark.parametrize("size", [1e8, 1e30])
def test_the_largest_of_huge_numbers_takes_everything(size: float) -> None:
    given, _ = points(size=size)
    weights = project(given, torch.ones_like(given, dtype=torch.bool))
    assert torch.equal(weights, (given == given.amax(dim=1, keepdim=True)).float())


def test_a_row_without_anybody_has_no_weights_and_one_without_numbers_is_alone() -> None:
    given, present = torch.tensor([[1.0, 2.0], [torch.nan, 0.0], [0.4, 0.0]]), torch.ones(3, 2, dtype=torch.bool)
    present[0] = False
    found = project(given, present)
    assert (found[0] == 0).all()
    assert found[1].isnan().any()
    torch.testing.assert_close(found[2], torch.tensor([0.7, 0.3]))


def test_the_present_ones_share_what_they_have_together() -> None:
    weights = torch.tensor([[0.5, 0.2, 0.3], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
    present = torch.tensor([[True, False, True], [False, True, True], [False, False, False]])
    shares, total = rescale(weights, present)
    torch.testing.assert_close(shares, torch.tensor([[0.625, 0.0, 0.375], [0.0, 0.5, 0.5], [0.0, 0.0, 0.0]]))
    torch.testing.assert_close(total, torch.tensor([[0.8], [0.0], [0.0]]))
