"""The direction that has the same angle to all task gradients."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting.solvers.gramian import RIDGE, NormalisedGramian


def equal_cosines(parts: NormalisedGramian) -> Float[Tensor, "r t"]:
    """Return the weights a of *unit* gradients, C a ∝ 1 and Σ a = 1, whose sum has equal cosines with all of them.

    Where gradients depend on each other a ridge chooses: the smallest a where such a direction exists (equal gradients
    have equal weights), and gradients that add up to 0 where there is none.

    Args:
        parts: the normalised Gramian of the task gradients; C is its cosines.
    """
    system = parts.cosines.clone()
    system.diagonal(dim1=1, dim2=2).add_((~parts.alive).double() + RIDGE)
    # not Cholesky's factors: single precision can leave the cosines slightly indefinite.  The result has its rows side
    # by side in memory; a sum over tasks would then be rounded by a row's place in a vector register
    a = torch.linalg.solve_ex(system, parts.alive.double()).result.contiguous()
    total = a.sum(dim=1, keepdim=True)
    return a / torch.where(total == 0, 1.0, total)
