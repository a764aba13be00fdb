"""What examples contribute to a number of which nothing is known but its value on sets of examples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

MOST_BLOCKS = 200
"""Number of blocks of examples that are left out in their turn; of fewer examples each is a block."""


def block_influence(value_on: Callable[[Bool[Tensor, " n"]], float], number: int) -> Float[Tensor, " n"]:
    """Return what every example contributes to a value: by the jackknife that leaves out blocks of examples.

    With θ_(j) the value without block j of G, and θ̄ their mean, every example of block j has √(n (G − 1)) (θ̄ − θ_(j)).
    The numbers have mean 0, and their variance over n is the jackknife's estimate (G − 1) / G Σ (θ_(j) − θ̄)² of the
    variance of the value.  Examples are spread over the blocks at random, the same way for every number of examples, so
    that the contributions to two networks' values can be subtracted.

    Source: J. Shao & C. F. J. Wu, "A general theory for jackknife variance estimation", Annals of Statistics 17, 1989:
    the delete-d jackknife; blocks as in P. S. Kott, "The delete-a-group jackknife", Journal of Official Statistics 17,
    2001.

    Args:
        value_on: returns the value on the examples of a mask.
        number: of examples, n.
    """
    blocks = min(number, MOST_BLOCKS)
    order = torch.randperm(number, generator=torch.Generator().manual_seed(0))
    block = torch.empty(number, dtype=torch.long)
    block[order] = torch.arange(number) % blocks
    without = torch.tensor([value_on(block != one) for one in range(blocks)], dtype=torch.float64)
    found = (without.mean() - without)[block] * (number * (blocks - 1)) ** 0.5
    return found - found.mean()
