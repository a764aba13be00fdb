"""Random directions in input space, by which generated tasks depend on the same features or on different ones."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def orthonormal(num_inputs: int, num_directions: int, random: torch.Generator) -> Float[Tensor, "d m"]:
    """Return random orthonormal directions, in float64 so that data hardly depend on the machine."""
    square = torch.randn(num_inputs, num_inputs, generator=random, dtype=torch.float64)
    return torch.linalg.qr(square).Q[:, :num_directions]


def standardised(scores: Float[Tensor, "n t"]) -> Float[Tensor, "n t"]:
    """Return the scores with mean 0 and standard deviation 1 in every column."""
    return (scores - scores.mean(0)) / scores.std(0)


def correlations(scores: Float[Tensor, "n t"]) -> list[list[float]]:
    """Return Pearson's correlation of every pair of columns, to three decimals."""
    return torch.corrcoef(scores.T).reshape(scores.shape[1], -1).round(decimals=3).tolist()
