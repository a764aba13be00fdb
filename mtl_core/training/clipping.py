"""Gradient clipping, replica by replica."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.sum_of_parts import sum_of_parts


def clip_(gradients: Sequence[Float[Tensor, "r s"]], norm: float) -> None:
    """Clip each replica's gradient, in place, to the norm ``norm``; replicas do not affect each other.

    Args:
        gradients: gradient of every trained slot.
        norm: largest norm of a replica's gradient over all slots.
    """
    squares = sum_of_parts([gradient.square().sum(dim=1) for gradient in gradients])
    factor = norm / squares.sqrt().clamp(min=norm)
    for gradient in gradients:
        gradient.mul_(factor.unsqueeze(1))
