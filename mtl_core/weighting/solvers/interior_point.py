"""Quadratic programs over non-negative variables, by a primal-dual interior-point method: slow but reliable."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

LIMIT = 60
"""Newton steps at most."""
TOLERANCE = 1e-13
"""Largest residual of Mx + q = z, relative to the size of its terms."""


def nonnegative(
    matrix: Float[Tensor, "n t t"], linear: Float[Tensor, "n t"]
) -> tuple[Float[Tensor, "n t"], Bool[Tensor, " n"]]:
    """Solve min ½ xᵀ M x + qᵀ x over x ≥ 0 for each of n problems.

    The solution of Mx + q = z and x ∘ z = μ is followed to μ = 0 by Newton steps with a predictor and a corrector.  The
    method converges also with ties and with a nearly singular M, but a step costs more than a pivot of
    :mod:`mtl_core.weighting.solvers.block_pivoting`, and there are more of them.

    Source: S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992).

    Args:
        matrix: M, positive definite, with a diagonal of about 1.
        linear: q.

    Returns:
        The solutions x, and whether each was found.
    """
    size = (-linear).amax(dim=1, keepdim=True)
    size = torch.where(size > 0, size, 1.0)
    linear = linear / size
    z = linear.clamp(min=1.0)
    x = 1 / z
    solved = torch.zeros(len(linear), dtype=torch.bool, device=linear.device)
    for _ in range(LIMIT):
        residual = (matrix @ x.unsqueeze(2)).squeeze(2) + linear - z
        gap = (x * z).mean(dim=1, keepdim=True)
        tolerance = (1 + x.amax(dim=1, keepdim=True) + linear.abs()) * TOLERANCE
        solved = solved | ((residual.abs() <= tolerance) & (x * z <= tolerance * TOLERANCE**0.5)).all(dim=1)
        if solved.all():
            break
        dx, dz = _step(matrix, x, z, residual, gap)
        fraction = torch.minimum(_fraction_to_boundary(x, dx), _fraction_to_boundary(z, dz))
        iterating = ~solved.unsqueeze(1)
        x = torch.where(iterating, x + fraction * dx, x)
        z = torch.where(iterating, z + fraction * dz, z)
    # a variable that is smaller than its slack is on its way to 0
    return torch.where(x > z, x, 0.0) * size, solved


def _step(
    matrix: Float[Tensor, "n t t"],
    x: Float[Tensor, "n t"],
    z: Float[Tensor, "n t"],
    residual: Float[Tensor, "n t"],
    gap: Float[Tensor, "n 1"],
) -> tuple[Float[Tensor, "n t"], Float[Tensor, "n t"]]:
    """The predictor's Newton step to μ = 0, then the corrector's, centred by how far the predictor would lead."""
    ratio = z / x
    system = matrix.clone()
    system.diagonal(dim1=1, dim2=2).add_(ratio)
    factor = torch.linalg.cholesky_ex(system).L

    def newton(target: Tensor) -> tuple[Tensor, Tensor]:
        dx = torch.cholesky_solve((target - residual).unsqueeze(2), factor).squeeze(2)
        return dx, target - ratio * dx

    dx, dz = newton(-z)
    fraction = torch.minimum(_fraction_to_boundary(x, dx), _fraction_to_boundary(z, dz))
    gap_ratio = ((x + fraction * dx) * (z + fraction * dz)).mean(dim=1, keepdim=True) / gap
    return newton((gap_ratio * gap_ratio * gap_ratio * gap - dx * dz) / x - z)


def _fraction_to_boundary(x: Float[Tensor, "n t"], step: Float[Tensor, "n t"]) -> Float[Tensor, "n 1"]:
    """The largest fraction of ``step``, at most 1, that keeps ``x`` positive: 99.5 % of the way to the boundary."""
    return 1 / (-step / x).amax(dim=1, keepdim=True).clamp(min=0.995).div(0.995)
