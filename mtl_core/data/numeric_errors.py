"""Errors of predicted numbers and vectors, from which a kind's loss and the metrics of numbers follow."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def errors(
    outputs: Float[Tensor, "r g k b"], targets: Float[Tensor, "r g *k b"]
) -> Float[Tensor, "r g b"] | Float[Tensor, "r g k b"]:
    """Return predictions minus targets, for single numbers or vectors."""
    return (outputs if targets.ndim == outputs.ndim else outputs.squeeze(2)) - targets


def mean_of_vector(values: Float[Tensor, "r g *k b"]) -> Float[Tensor, "r g b"]:
    """Return the mean over the numbers of a vector target; values of single numbers are returned as they are."""
    return values.mean(dim=2) if values.ndim > 3 else values
