"""What examples contribute to a number of which nothing is known but its value on sets of examples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
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


def influence_by_groups(
    value_on: Callable[[Bool[Tensor, " n"]], float], groups: Int[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Return what every example contributes to a value where whole groups of examples were drawn.

    Blocks are whole groups: one each, or several where there are more than :data:`MOST_BLOCKS`.  With θ the value,
    θ_(j) that without block j of B, K groups, and N_g of the N examples in group g, every example of block j has

        √((B − 1) / B · K / (K − 1) / Σ_{g in j} (N_g / (N − N_g))²) (θ − θ_(j)),

    less the mean over all examples.  So (K − 1) / K times the sum over groups of (sum of the group's examples over
    N − N_g)² is the jackknife's variance (B − 1) / B Σ (θ − θ_(j))²; of a mean every group has what its examples have
    together.

    Source: as for :func:`block_influence`; with a group in each block this is the delete-one-cluster jackknife of A. C.
    Cameron & D. L. Miller, "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50, 2015.

    Args:
        value_on: returns the value on the examples of a mask.
        groups: group number of every example.
    """
    _, of_example, sizes = groups.unique(return_inverse=True, return_counts=True)
    number = len(sizes)
    if number < 2:
        return torch.zeros(len(groups), dtype=torch.float64)
    blocks = min(number, MOST_BLOCKS)
    block_of_group = torch.empty(number, dtype=torch.long)
    order = torch.randperm(number, generator=torch.Generator().manual_seed(0))
    block_of_group[order] = torch.arange(number) % blocks
    block = block_of_group[of_example]
    everything = value_on(torch.ones(len(groups), dtype=torch.bool))
    without = torch.tensor([value_on(block != one) for one in range(blocks)], dtype=torch.float64)
    shares = sizes.double() / (len(groups) - sizes)
    squares = torch.zeros(blocks, dtype=torch.float64).index_add_(0, block_of_group, shares.square())
    scale = ((blocks - 1) / blocks * number / (number - 1) / squares).sqrt()
    found = (scale * (everything - without))[block]
    return found - found.mean()
