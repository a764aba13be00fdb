"""Groups of numbers: the exact k-means of points on a line, for all rows at once."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def group_means(points: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], groups: int) -> Float[Tensor, "r t"]:
    """Return for each point the mean of its group, where ``groups`` groups have the least sum of squares within.

    On a line every best group is an interval, so dynamic programming over the sorted points finds the optimum that
    Lloyd's iterations only approach.  Where points are fewer than groups, each is its own group.

    Source: H. Wang & M. Song, "Ckmeans.1d.dp: optimal k-means clustering in one dimension by dynamic programming",
    The R Journal 3, 2011.

    Args:
        points: finite numbers; computed in float64.
        present: which points count; others get 0.
        groups: largest number of groups, from 1 up.
    """
    values = torch.where(present, points.double(), torch.inf)
    values, order = values.sort(dim=1, stable=True)
    mass = present.gather(1, order).double()
    values = torch.where(mass > 0, values, 0.0)
    last = _starts(values, mass, min(groups, points.shape[1]))
    total, count = (_sums(part) for part in (mass * values, mass))
    ends = torch.arange(points.shape[1], device=points.device)
    means = torch.zeros_like(values)
    end = torch.full_like(last[0][:, :1], points.shape[1] - 1)
    for starts in reversed(last):
        begin = starts.gather(1, end.clamp(min=0))
        inside = (ends >= begin) & (ends <= end)
        weight = (count.gather(1, end + 1) - count.gather(1, begin)).clamp(min=1)
        mean = (total.gather(1, end + 1) - total.gather(1, begin)) / weight
        means = torch.where(inside, mean, means)
        end = begin - 1
    means = torch.where(mass > 0, means, 0.0)
    return torch.zeros_like(means).scatter(1, order, means).to(points.dtype)


def _sums(values: Float[Tensor, "r t"]) -> Float[Tensor, "r t+1"]:
    return torch.nn.functional.pad(values.cumsum(dim=1), (1, 0))


def _starts(values: Float[Tensor, "r t"], mass: Float[Tensor, "r t"], groups: int) -> list[Int[Tensor, "r t"]]:
    """For each number of groups and each last point, where the last of the groups begins at best."""
    count, total, squares = (_sums(part) for part in (mass, mass * values, mass * values.square()))
    size = values.shape[1]

    def within(begin: slice, end: int) -> Float[Tensor, "r n"]:
        """Sums of squares of the points from each place of ``begin`` to ``end``."""
        number = (count[:, end + 1, None] - count[:, begin]).clamp(min=1)
        between = total[:, end + 1, None] - total[:, begin]
        return (squares[:, end + 1, None] - squares[:, begin] - between.square() / number).clamp(min=0)

    best = torch.cat([within(slice(0, 1), end) for end in range(size)], dim=1)
    found = [torch.zeros(values.shape, dtype=torch.int64, device=values.device)]
    for _ in range(1, groups):
        before = torch.nn.functional.pad(best[:, :-1], (1, 0))  # of no point, and up to each
        costs = [(before[:, : end + 1] + within(slice(0, end + 1), end)).min(dim=1) for end in range(size)]
        best = torch.stack([cost.values for cost in costs], dim=1)
        found.append(torch.stack([cost.indices for cost in costs], dim=1))
    return found
