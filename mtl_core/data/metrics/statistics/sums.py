"""Sums over examples whose bits do not depend on how far the array is padded."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import pad

CHUNK = 256
"""Number of examples that are evaluated and added at once; whole chunks of zeros behind them change no bit of a sum."""


def sum_in_chunks(values: Float[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
    """Return the sum over the last dimension, added chunk by chunk in order."""
    number = -(-values.shape[-1] // CHUNK)
    padded = pad(values, (0, number * CHUNK - values.shape[-1]))
    chunks = padded.unflatten(-1, (number, CHUNK)).sum(dim=-1)
    total = values.new_zeros(values.shape[:-1])
    for chunk in chunks.unbind(dim=-1):
        total = total + chunk
    return total


def mean_of(values: Float[Tensor, "*a n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a"]:
    """Return the mean over the counted examples, in float64; NaN where there is none."""
    return sum_in_chunks(torch.where(counted, values.double(), 0.0)) / counted.sum(dim=-1)


def all_finite(kept: Float[Tensor, "*a s n"], counted: Bool[Tensor, "*a n"]) -> Bool[Tensor, "*a"]:
    """Return whether all numbers of the counted examples are finite, as those of a diverged network are not."""
    return (kept.isfinite().all(dim=-2) | ~counted).all(dim=-1)


def ratio(
    numerator: Float[Tensor, "*a"], denominator: Float[Tensor, "*a"], otherwise: float = torch.nan
) -> Float[Tensor, "*a"]:
    """Return the ratio of two tensors, and ``otherwise`` where the denominator is 0."""
    known = denominator != 0
    return torch.where(known, numerator / torch.where(known, denominator, 1.0), otherwise)
