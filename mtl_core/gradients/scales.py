"""The size of a step: as a weighting method gives it, or the same for all methods."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def scaled(weights: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], scale: str) -> Float[Tensor, "r t"]:
    """Return the weights of the present tasks, 0 for absent ones.

    ``matched`` weights of different methods have the same total, so that methods do not differ by the size of their
    steps alone.

    Args:
        weights: weights that a method returned.
        present: which tasks take part in the step.
        scale: ``native`` leaves the weights as they are; ``matched`` divides them by the sum of their absolute values.
    """
    weights = torch.where(present, weights, 0.0)
    if scale == "native":
        return weights
    total = weights.abs().sum(dim=1, keepdim=True)
    return weights / torch.where(total > 0, total, 1.0)


def matched(
    direction: Float[Tensor, "r q"], jacobian: Float[Tensor, "r t q"], present: Float[Tensor, "r t"], scale: str
) -> Float[Tensor, "r q"]:
    """Return the direction of a method without weights.

    Args:
        direction: direction that a method returned.
        jacobian: the task gradients; rows of absent tasks are 0.
        present: which tasks take part in the step.
        scale: ``native`` leaves the direction as it is; ``matched`` makes it as long as the mean gradient of
            the present tasks.
    """
    if scale == "native":
        return direction
    mean = jacobian.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp(min=1)
    length = direction.square().sum(dim=1, keepdim=True).sqrt()
    wanted = mean.square().sum(dim=1, keepdim=True).sqrt()
    return direction * torch.where(length > 0, wanted / length, 0.0)


def mean_step(direction: Float[Tensor, "r q"], present: Bool[Tensor, "r t"], scale: str) -> Float[Tensor, "r q"]:
    """Return the direction of an adaptive method, which is a sum of the present tasks' steps.

    Args:
        direction: direction that a method returned.
        present: which tasks take part in the step.
        scale: ``native`` leaves the direction as it is; ``matched`` divides it by the number of present tasks.
    """
    return direction if scale == "native" else direction / present.sum(dim=1, keepdim=True).clamp(min=1)
