"""Quadratic programs over non-negative variables, by block principal pivoting."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.weighting.solvers import interior_point

LIMIT = 12
"""Pivots before a problem is left to the interior point; all but degenerate ones are solved by the sixth."""
TOLERANCE = 1e-12
"""Relative error below which a negative variable or slack counts as zero."""
CHUNK = 2**20
"""Largest number of elements in a batch of matrices, so that the batch stays in the processor's cache."""


def nonnegative(
    matrix: Float[Tensor, "r t t"], linear: Float[Tensor, "r k t"], guess: Bool[Tensor, "r k t"] | None = None
) -> tuple[Float[Tensor, "r k t"], Bool[Tensor, "r k"]]:
    """Solve min ½ xᵀ M x + qᵀ x over x ≥ 0 for each of r matrices M and each of its k linear terms q.

    At the solution the slack M x + q is 0 where x is not.  The method guesses which variables are free, solves for
    them, and flips all whose sign is wrong, until there is none.  It may cycle where variables depend on each other:
    what is unsolved after :data:`LIMIT` pivots is left to an interior point.

    Source: J. Kim & H. Park, "Fast nonnegative matrix factorization: an active-set-like method and comparisons", SIAM
    J. Sci. Comput. 33 (2011): block principal pivoting.

    Args:
        matrix: M, positive definite, with a diagonal of about 1.
        linear: q.
        guess: which variables are free at first; by default those with q < 0.

    Returns:
        The solutions x, and whether each was found.
    """
    guess = linear < 0 if guess is None else guess
    rows, count, tasks = linear.shape
    size = max(1, CHUNK // (count * tasks * tasks)) if count > 1 else rows
    parts = [_solve(*part) for part in zip(*(whole.split(size) for whole in (matrix, linear, guess)), strict=True)]
    if len(parts) == 1:
        return parts[0]
    return torch.cat([x for x, _ in parts]), torch.cat([solved for _, solved in parts])


def _solve(
    matrix: Float[Tensor, "r t t"], linear: Float[Tensor, "r k t"], guess: Bool[Tensor, "r k t"]
) -> tuple[Float[Tensor, "r k t"], Bool[Tensor, "r k"]]:
    rows, count, tasks = linear.shape
    unsolved = torch.arange(rows * count, device=linear.device)
    q = linear.reshape(-1, tasks)
    free, current = guess.reshape(-1, tasks), matrix if count == 1 else _matrices_of(matrix, unsolved, count)
    solution, remaining = torch.zeros_like(q), unsolved[:0]
    for round_ in range(LIMIT):
        x, infeasible = _pivot(current, q, free)
        solution[unsolved] = x
        remaining = infeasible.any(dim=1).nonzero().squeeze(1)
        if len(remaining) == 0:
            return solution.view(linear.shape), torch.ones_like(linear[:, :, 0], dtype=torch.bool)
        free = free ^ infeasible
        if 2 * len(remaining) <= len(unsolved) or round_ == LIMIT - 1:  # go on with the unsolved ones alone
            if len(remaining) == 1:  # a lone problem might be rounded differently
                remaining = remaining.repeat(2)
            unsolved, q, free = unsolved[remaining], q[remaining], free[remaining]
            current = _matrices_of(matrix, unsolved, count)
    x, solved = interior_point.nonnegative(current, q)
    solution[unsolved] = x
    all_solved = torch.ones_like(solution[:, 0], dtype=torch.bool)
    all_solved[unsolved] = solved
    return solution.view(linear.shape), all_solved.view(rows, count)


def _matrices_of(matrix: Float[Tensor, "r t t"], problems: Int[Tensor, " n"], count: int) -> Float[Tensor, "n t t"]:
    """The matrices of ``problems``, of which every row has ``count``."""
    return matrix.index_select(0, torch.div(problems, count, rounding_mode="floor"))


def _pivot(
    matrix: Float[Tensor, "n t t"], q: Float[Tensor, "n t"], free: Bool[Tensor, "n t"]
) -> tuple[Float[Tensor, "n t"], Bool[Tensor, "n t"]]:
    """The solution in the ``free`` variables, cut at 0, and which guesses were wrong: negative variables or slacks."""
    mask = free.double()
    system = matrix * mask.unsqueeze(1)
    system *= mask.unsqueeze(2)
    system.diagonal(dim1=1, dim2=2).add_(1 - mask)
    factor = torch.linalg.cholesky_ex(system).L
    x = torch.cholesky_solve((-q * mask).unsqueeze(2), factor)
    slack = (matrix @ x).squeeze(2) + q
    x = x.squeeze(2)
    # a q that keeps its own variable at 0 may be large and says nothing about what is small elsewhere
    infeasible = torch.where(free, x, slack) < -TOLERANCE * (x.abs().amax(dim=1, keepdim=True) + q.abs())
    return x.clamp(min=0.0), infeasible
