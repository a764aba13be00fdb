"""Operations on weights on the simplex: the present tasks' weights are non-negative and add up to one."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def project(points: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """Return the weights on the simplex of the present tasks that are nearest to ``points``.

    They are max(points − θ, 0), where θ follows from the k largest points, k the largest number for which all of them
    stay positive.  The weights of absent tasks are 0; a row where all tasks are absent is 0 altogether.

    Source: J. Duchi et al., "Efficient projections onto the ℓ1-ball for learning in high dimensions", ICML 2008,
    figure 1.

    Args:
        points: the weights to project.
        present: which tasks take part.
    """
    points = torch.where(present, points, -torch.inf)
    points = points - points.amax(dim=1, keepdim=True)  # else a large point would lose the 1 in rounding
    ordered = points.sort(dim=1, descending=True).values
    surplus = ordered.cumsum(dim=1) - 1
    places = torch.arange(1, points.shape[1] + 1, device=points.device)
    last = ((ordered * places > surplus).sum(dim=1, keepdim=True) - 1).clamp(min=0)
    threshold = surplus.gather(1, last) / (last + 1)
    return torch.where(present, (points - threshold).clamp(min=0), 0.0)


def rescale(
    weights: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]
) -> tuple[Float[Tensor, "r t"], Float[Tensor, "r 1"]]:
    """Return the present tasks' weights scaled to add up to one, and their total before.

    A method updates the scaled weights and multiplies the result by the total, so that absent tasks keep their weights
    and the weights of all tasks still add up to one.  Where the total is 0, the present tasks' weights are equal.

    Args:
        weights: non-negative weights of all tasks.
        present: which tasks take part.
    """
    weights = torch.where(present, weights, 0.0)
    total = weights.sum(dim=1, keepdim=True)
    equal = present / present.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.where(total == 0, equal.to(weights), weights / torch.where(total == 0, 1.0, total)), total
