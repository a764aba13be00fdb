"""The min-norm problem: the point of smallest norm in the convex hull of the task gradients."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import block_pivoting
from mtl_core.weighting.solvers.gramian import RIDGE, NormalisedGramian, ridged


def min_norm(parts: NormalisedGramian, present: Bool[Tensor, "r t"]) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """Solve min wᵀ G w over the weights w on the simplex.

    The constraint on the total is replaced by a linear reward: the u ≥ 0 that minimises ½ uᵀ G u − Σu is a multiple of
    w.  In the variables u ∘ ‖g‖ the matrix has a diagonal of 1, whatever the norms.

    Args:
        parts: the normalised Gramian of the task gradients.
        present: which tasks take part; a present task without a gradient is the point of smallest norm itself.

    Returns:
        w, and whether it was found.
    """
    if present.shape[1] == 2:
        u, solved = _of_two(parts), torch.ones_like(present[:, 0])
    else:
        relative_inverse = parts.inverse / parts.inverse.amax(dim=1, keepdim=True).clamp(min=1e-300)
        u, solved = block_pivoting.nonnegative(ridged(parts.cosines), -relative_inverse.unsqueeze(1))
        u, solved = u.squeeze(1) * relative_inverse, solved.squeeze(1)
    zero = present & ~parts.alive
    u = torch.where(zero.any(dim=1, keepdim=True), zero.double(), u)
    total = u.sum(dim=1, keepdim=True)
    return u / torch.where(total > 0, total, 1.0), solved


def _of_two(parts: NormalisedGramian) -> Float[Tensor, "r 2"]:
    """u_1 ∝ clip(g_2·(g_2 − g_1)) in closed form; in norms relative to the larger, so that no square overflows."""
    norms = parts.norms / parts.norms.amax(dim=1, keepdim=True).clamp(min=1e-300)
    other = norms.flip(1)
    u = (other * (other * (1 + RIDGE) - norms * parts.cosines[:, :1, 1])).clamp(min=0.0)
    return torch.where(parts.alive.all(dim=1, keepdim=True), u, parts.alive.double())
