"""Gradient clipping, replica by replica."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def clip_(gradients: Sequence[Float[Tensor, "r s"]], norm: float) -> None:
    """Clip each replica's gradient, in place, to the norm ``norm``; replicas do not affect each other.

    Args:
        gradients: gradient of every trained slot.
        norm: largest norm of a replica's gradient over all slots.
    """
    squares = torch.stack([gradient.square().sum(dim=1) for gradient in gradients])
    factor = norm / squares.sum(dim=0).sqrt().clamp(min=norm)
    for gradient in gradients:
        gradient.mul_(factor.unsqueeze(1))
