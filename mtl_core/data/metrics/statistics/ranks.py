"""Ranks of numbers among the counted ones of a set, with ties."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def places(
    values: Float[Tensor, "*a n"], counted: Bool[Tensor, "*a n"]
) -> tuple[Int[Tensor, "*a n"], Int[Tensor, "*a n"], Int[Tensor, "*a n"]]:
    """Return an order of the numbers, and how many counted ones are below each, and at most as large.

    Args:
        values: finite where they are counted.
        counted: which belong to the set; all others come last in the order.

    Returns:
        (order, below, up to), where ``below`` and ``up to`` mean nothing for what is not counted.
    """
    shown = torch.where(counted, values, torch.inf).contiguous()
    ordered = shown.sort(dim=-1, stable=True)
    below = torch.searchsorted(ordered.values, shown)
    up_to = torch.searchsorted(ordered.values, shown, right=True)
    return ordered.indices, below, up_to


def centred_midranks(values: Float[Tensor, "*a n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a n"]:
    """Return the rank of every counted number minus the mean rank, as exact multiples of ½; ties share their mean."""
    _, below, up_to = places(values, counted)
    ranks = (below + up_to).double() / 2 - counted.sum(dim=-1, keepdim=True).double() / 2
    return torch.where(counted, ranks, 0.0)
