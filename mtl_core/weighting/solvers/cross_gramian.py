"""Inner products of task gradients on two independent batches, which noise does not bias, and steps by them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import simplex


def cross_gramian(
    first: Float[Tensor, "r t p"], second: Float[Tensor, "r t p"], present: Bool[Tensor, "r t"]
) -> Float[Tensor, "r t t"]:
    """J₁ J₂ᵀ in units of the present tasks' mean ‖first gradient‖ ‖second gradient‖.

    The unit makes step sizes on the weights independent of the loss's unit and of the number of parameters.
    """
    sizes = torch.linalg.vector_norm(first, dim=2) * torch.linalg.vector_norm(second, dim=2)
    unit = sizes.sum(dim=1, keepdim=True) / present.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.bmm(first, second.mT) / torch.where(unit == 0, 1.0, unit).unsqueeze(2)


def stepped(
    kept: Float[Tensor, "r t"],
    jacobians: Sequence[Float[Tensor, "r t p"]],
    present: Bool[Tensor, "r t"],
    step_size: float | Float[Tensor, "r 1"],
    pull: float | Float[Tensor, "r t"] = 0.0,
) -> Float[Tensor, "r t"]:
    """Weights of the present tasks after a step towards the shortest combination, projected to the simplex.

    Args:
        kept: weights between steps, updated in place; absent tasks keep theirs.
        pull: added to the weights whose combination is to be short.
    """
    first, second = jacobians
    old, total = simplex.among(kept, present)
    slope = torch.bmm(cross_gramian(first, second, present), (old + pull).unsqueeze(2)).squeeze(2)
    weights = simplex.project(old - step_size * slope, present)
    kept.copy_(torch.where(present, total * weights, kept))
    return weights


def halfway(jacobians: Sequence[Float[Tensor, "r t p"]], weights: Float[Tensor, "r t"]) -> Float[Tensor, "r p"]:
    """The combination of the gradients on both batches, averaged."""
    first, second = jacobians
    half = weights.unsqueeze(1) / 2
    return torch.baddbmm(torch.bmm(half, first), half, second).squeeze(1)
