"""Ranks of numbers among the counted ones of a set, with ties."""

from __future__ import annotations

import numpy as np
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
        (order, below, up to), where ``below`` and ``up to`` mean nothing for what is not counted, and the order of
        equal numbers is not specified.
    """
    shown = torch.where(counted, values, torch.inf)
    order = _argsort(shown)
    ordered = shown.gather(-1, order)
    place = torch.arange(values.shape[-1], device=values.device)
    differs = ordered[..., 1:] != ordered[..., :-1]
    edge = torch.ones_like(ordered[..., :1], dtype=torch.bool)
    first = torch.where(torch.cat([edge, differs], dim=-1), place, 0).cummax(dim=-1).values
    ends = (
        torch.where(torch.cat([differs, edge], dim=-1), place + 1, len(place)).flip(-1).cummin(dim=-1).values.flip(-1)
    )
    below, up_to = (torch.empty_like(order).scatter_(-1, order, part) for part in (first, ends))
    return order, below, up_to


def centred_midranks(values: Float[Tensor, "*a n"], counted: Bool[Tensor, "*a n"]) -> Float[Tensor, "*a n"]:
    """Return the rank of every counted number minus the mean rank, as exact multiples of ½; ties share their mean."""
    _, below, up_to = places(values, counted)
    ranks = (below + up_to).double() / 2 - counted.sum(dim=-1, keepdim=True).double() / 2
    return torch.where(counted, ranks, 0.0)


def _argsort(values: Float[Tensor, "*a n"]) -> Int[Tensor, "*a n"]:
    if values.device.type != "cpu":
        return values.argsort(dim=-1)
    return torch.from_numpy(np.argsort(values.numpy(), axis=-1))  # ten times as fast as torch
