"""Weights of the present tasks that are non-negative and add up to one."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def project(points: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """The nearest weights to ``points``; absent tasks have none, and neither has a row where all are absent.

    They are max(points − θ, 0), where θ follows from the k largest points, k the largest number for which all of them
    stay positive.

    Source: J. Duchi et al., "Efficient projections onto the ℓ1-ball for learning in high dimensions", ICML 2008,
    figure 1.
    """
    points = torch.where(present, points, -torch.inf)
    points = points - points.amax(dim=1, keepdim=True)  # lest a large one swallow the 1
    ordered = points.sort(dim=1, descending=True).values
    surplus = ordered.cumsum(dim=1) - 1
    places = torch.arange(1, points.shape[1] + 1, device=points.device)
    last = ((ordered * places > surplus).sum(dim=1, keepdim=True) - 1).clamp(min=0)
    threshold = surplus.gather(1, last) / (last + 1)
    return torch.where(present, (points - threshold).clamp(min=0), 0.0)


def among(
    weights: Float[Tensor, "r t"], present: Bool[Tensor, "r t"]
) -> tuple[Float[Tensor, "r t"], Float[Tensor, "r 1"]]:
    """The present tasks' weights, scaled to add up to one, and what they added up to.

    A rule works on the former and multiplies its result by the latter, so that those who are absent keep their weights
    and all of them together still add up to one.  Equal weights where the present ones have none.
    """
    weights = torch.where(present, weights, 0.0)
    total = weights.sum(dim=1, keepdim=True)
    equal = present / present.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.where(total == 0, equal.to(weights), weights / torch.where(total == 0, 1.0, total)), total
