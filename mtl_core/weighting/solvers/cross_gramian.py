"""Inner products of task gradients on two independent batches, and steps of task weights by them.

The sampling noise of two independent batches does not bias the inner products between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import simplex


def cross_gramian(
    first: Float[Tensor, "r t p"], second: Float[Tensor, "r t p"], present: Bool[Tensor, "r t"]
) -> Float[Tensor, "r t t"]:
    """Return J₁ J₂ᵀ divided by the present tasks' mean of ‖gradient in J₁‖ ‖gradient in J₂‖.

    The division makes step sizes on the weights independent of the loss's unit and of the number of parameters.

    Args:
        first: J₁, the task gradients on the first batch.
        second: J₂, the task gradients on the second batch.
        present: which tasks take part in the step.
    """
    sizes = torch.linalg.vector_norm(first, dim=2) * torch.linalg.vector_norm(second, dim=2)
    mean_size = sizes.sum(dim=1, keepdim=True) / present.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.bmm(first, second.mT) / torch.where(mean_size == 0, 1.0, mean_size).unsqueeze(2)


def updated_weights(
    kept: Float[Tensor, "r t"],
    jacobians: Sequence[Float[Tensor, "r t p"]],
    present: Bool[Tensor, "r t"],
    step_size: float | Float[Tensor, "r 1"],
    offset: float | Float[Tensor, "r t"] = 0.0,
    *,
    steps: int = 1,
    momentum: float = 0.0,
) -> Float[Tensor, "r t"]:
    """Return the present tasks' weights after steps towards the shortest combination, each projected to the simplex.

    Args:
        kept: the weights between steps, updated in place; absent tasks keep theirs.
        jacobians: the task gradients on two independent batches.
        present: which tasks take part in the step.
        step_size: length of the step, one number or one per replica.
        offset: added to the weights whose combination is to be short.
        steps: number of steps, all by the same gradients.
        momentum: share of the last step's velocity in the next one's; the first step has none.
    """
    first, second = jacobians
    weights, total = simplex.rescale(kept, present)
    products, velocity = cross_gramian(first, second, present), torch.zeros_like(weights)
    for _ in range(steps):
        slope = torch.bmm(products, (weights + offset).unsqueeze(2)).squeeze(2)
        velocity = momentum * velocity + slope
        weights = simplex.project(weights - step_size * velocity, present)
    kept.copy_(torch.where(present, total * weights, kept))
    return weights


def combined_gradient(
    jacobians: Sequence[Float[Tensor, "r t p"]], weights: Float[Tensor, "r t"]
) -> Float[Tensor, "r p"]:
    """Return Σ w_i (g_i¹ + g_i²) / 2, the weighted sum of the gradients averaged over both batches.

    Args:
        jacobians: the task gradients g¹ and g² on two independent batches.
        weights: w.
    """
    first, second = jacobians
    half = weights.unsqueeze(1) / 2
    return torch.baddbmm(torch.bmm(half, first), half, second).squeeze(1)
