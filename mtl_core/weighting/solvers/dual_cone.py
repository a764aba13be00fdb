"""The projection on the dual cone of the task gradients: the nearest direction that conflicts with no task."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import block_pivoting
from mtl_core.weighting.solvers.gramian import NormalisedGramian, ridged


def project(
    parts: NormalisedGramian, wanted: Float[Tensor, "r k t"]
) -> tuple[Float[Tensor, "r k t"], Bool[Tensor, "r k"]]:
    """Project Jᵀu on the cone {d: J d ≥ 0}, as weights v of the task gradients, for k vectors u ≥ 0 in each row.

    v minimises ½ vᵀ G v over v ≥ u.  In x = (v − u) ∘ ‖g‖ ≥ 0 the matrix has a diagonal of 1, so that a ridge means the
    same to a short gradient as to a long one.

    Source: P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", arXiv 2406.16232, proposition 1.

    Args:
        parts: the normalised Gramian of the task gradients.
        wanted: u.

    Returns:
        v, with which Jᵀv is the projection, and whether each was found.
    """
    lengths = wanted * parts.norms.unsqueeze(1)
    size = lengths.amax(dim=2, keepdim=True).clamp(min=1e-300)
    linear = (lengths / size) @ parts.cosines
    if wanted.shape[2] == 2:  # of two constraints at most one is active: they cannot both be violated
        x, solved = (-linear).clamp(min=0.0), torch.ones_like(wanted[:, :, 0], dtype=torch.bool)
    else:
        x, solved = block_pivoting.nonnegative(ridged(parts.cosines), linear)
    return wanted + x * size * parts.inverse.unsqueeze(1), solved
