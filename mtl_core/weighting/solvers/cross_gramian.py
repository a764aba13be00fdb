"""Inner products of task gradients on two independent batches, which sampling noise does not bias."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def cross_gramian(
    first: Float[Tensor, "r t p"], second: Float[Tensor, "r t p"], present: Bool[Tensor, "r t"]
) -> Float[Tensor, "r t t"]:
    """J₁ J₂ᵀ in units of the present tasks' mean ‖first gradient‖ ‖second gradient‖.

    The unit makes step sizes on the weights independent of the loss's unit and of the number of parameters.
    """
    sizes = torch.linalg.vector_norm(first, dim=2) * torch.linalg.vector_norm(second, dim=2)
    unit = sizes.sum(dim=1, keepdim=True) / present.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.bmm(first, second.mT) / torch.where(unit == 0, 1.0, unit).unsqueeze(2)
