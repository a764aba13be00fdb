"""Groups of points on a line, against all ways to divide them."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
import torch
from torch import Tensor

from mtl_core.weighting.solvers.clusters import group_means


def by_trying(points: list[float], groups: int) -> list[float]:
    """The group means of the best division of the sorted points into intervals."""
    ordered, best = sorted(points), (float("inf"), [])
    for cuts in combinations(range(1, len(points)), min(groups, len(points)) - 1):
        bounds = [0, *cuts, len(points)]
        parts = [ordered[a:b] for a, b in pairwise(bounds)]
        means = [sum(part) / len(part) for part in parts]
        cost = sum((value - mean) ** 2 for part, mean in zip(parts, means, strict=True) for value in part)
        if cost < best[0]:
            best = (cost, [mean for part, mean in zip(parts, means, strict=True) for _ in part])
    of_value = dict(zip(ordered, best[1], strict=True))
    return [of_value[value] for value in points]


@pytest.mark.parametrize("groups", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("tasks", [1, 2, 3, 7])
def test_no_division_has_a_smaller_sum_of_squares(tasks: int, groups: int) -> None:
    points = torch.randn(20, tasks, generator=torch.Generator().manual_seed(1), dtype=torch.float64).exp()
    found = group_means(points, torch.ones_like(points, dtype=torch.bool), groups)
    for row in range(20):
        assert found[row].tolist() == pytest.approx(by_trying(points[row].tolist(), groups), rel=1e-9)


def test_absent_points_are_in_no_group() -> None:
    points = torch.tensor([[1.0, 50.0, 1.2, 9.0, 9.5], [3.0, 1.0, 2.0, 4.0, 5.0]])
    present = torch.tensor([[True, False, True, True, True], [False] * 5])
    expected = torch.tensor([[1.1, 0.0, 1.1, 9.25, 9.25], [0.0] * 5])
    torch.testing.assert_close(group_means(points, present, 2), expected)


def test_groups_do_not_depend_on_the_unit_or_the_order() -> None:
    points = torch.randn(10, 6, generator=torch.Generator().manual_seed(2)).exp()
    present, order = torch.ones(10, 6, dtype=torch.bool), torch.tensor([3, 1, 5, 0, 2, 4])
    found: Tensor = group_means(points, present, 3)
    torch.testing.assert_close(group_means(points[:, order], present, 3), found[:, order])
    torch.testing.assert_close(group_means(1e6 * points, present, 3), 1e6 * found)
