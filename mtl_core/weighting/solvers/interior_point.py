"""Quadratic programs over non-negative variables, by a primal-dual interior point: slow and sure."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

LIMIT = 60
TOLERANCE = 1e-13


def nonnegative(
    matrix: Float[Tensor, "n t t"], linear: Float[Tensor, "n t"]
) -> tuple[Float[Tensor, "n t"], Bool[Tensor, " n"]]:
    """The x ≥ 0 that minimises ½ xᵀ M x + qᵀ x, and whether it was found.

    Mx + q = z and x ∘ z = μ are followed to μ = 0 by Newton steps with a predictor and a corrector.  Neither a tie nor
    a nearly singular M troubles it, but a step costs more than a pivot, and there are more of them.

    Source: S. Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2 (1992).

    Args:
        matrix: M, positive definite, with a diagonal of about 1.
        linear: q.
    """
    size = (-linear).amax(dim=1, keepdim=True)
    size = torch.where(size > 0, size, 1.0)
    linear = linear / size
    z = linear.clamp(min=1.0)
    x = 1 / z
    solved = torch.zeros(len(linear), dtype=torch.bool, device=linear.device)
    for _ in range(LIMIT):
        wrong = (matrix @ x.unsqueeze(2)).squeeze(2) + linear - z
        gap = (x * z).mean(dim=1, keepdim=True)
        reach = (1 + x.amax(dim=1, keepdim=True) + linear.abs()) * TOLERANCE
        solved = solved | ((wrong.abs() <= reach) & (x * z <= reach * TOLERANCE**0.5)).all(dim=1)
        if solved.all():
            break
        dx, dz = _step(matrix, x, z, wrong, gap)
        length = torch.minimum(_room(x, dx), _room(z, dz))
        moves = ~solved.unsqueeze(1)
        x = torch.where(moves, x + length * dx, x)
        z = torch.where(moves, z + length * dz, z)
    # a variable that is smaller than its slack is on its way to 0
    return torch.where(x > z, x, 0.0) * size, solved


def _step(
    matrix: Float[Tensor, "n t t"],
    x: Float[Tensor, "n t"],
    z: Float[Tensor, "n t"],
    wrong: Float[Tensor, "n t"],
    gap: Float[Tensor, "n 1"],
) -> tuple[Float[Tensor, "n t"], Float[Tensor, "n t"]]:
    """First straight to the solution, to see how far that would lead; then again, aiming at the middle and bent."""
    ratio = z / x
    system = matrix.clone()
    system.diagonal(dim1=1, dim2=2).add_(ratio)
    factor = torch.linalg.cholesky_ex(system).L

    def newton(push: Tensor) -> tuple[Tensor, Tensor]:
        dx = torch.cholesky_solve((push - wrong).unsqueeze(2), factor).squeeze(2)
        return dx, push - ratio * dx

    dx, dz = newton(-z)
    length = torch.minimum(_room(x, dx), _room(z, dz))
    ahead = ((x + length * dx) * (z + length * dz)).mean(dim=1, keepdim=True) / gap
    return newton((ahead * ahead * ahead * gap - dx * dz) / x - z)


def _room(x: Float[Tensor, "n t"], step: Float[Tensor, "n t"]) -> Float[Tensor, "n 1"]:
    """The part of ``step``, at most all of it, that keeps ``x`` positive."""
    return 1 / (-step / x).amax(dim=1, keepdim=True).clamp(min=0.995).div(0.995)
