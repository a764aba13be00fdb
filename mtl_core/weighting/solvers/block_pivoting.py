"""Quadratic programs over non-negative variables, by block principal pivoting."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mtl_core.weighting.solvers import interior_point

LIMIT = 12
"""Pivots before a problem is handed on; all but degenerate ones are solved by the sixth."""
TOLERANCE = 1e-12
CHUNK = 2**20
"""Numbers in a batch of matrices, so that they stay in the cache."""


def nonnegative(
    matrix: Float[Tensor, "r t t"], linear: Float[Tensor, "r k t"], guess: Bool[Tensor, "r k t"] | None = None
) -> tuple[Float[Tensor, "r k t"], Bool[Tensor, "r k"]]:
    """For each row and each of its k linear terms the x ≥ 0 that minimises ½ xᵀ M x + qᵀ x, and whether it was found.

    At the solution the slack M x + q is 0 where x is not.  Guess which variables are free, solve for them, and flip
    all whose sign is wrong, until there is none.  That may go round in circles where variables depend on each other:
    what is unsolved after a few rounds is left to an interior point.

    Source: J. Kim & H. Park, "Fast nonnegative matrix factorization: an active-set-like method and comparisons", SIAM
    J. Sci. Comput. 33 (2011), algorithm 2.

    Args:
        matrix: M, positive definite, with a diagonal of about 1.
        linear: q.
        guess: which variables are free at first; those with q < 0 unless told.
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
    live = torch.arange(rows * count, device=linear.device)
    q = linear.reshape(-1, tasks)
    free, current = guess.reshape(-1, tasks), matrix if count == 1 else _of(matrix, live, count)
    solution, left = torch.zeros_like(q), live[:0]
    for round_ in range(LIMIT):
        x, wrong = _pivot(current, q, free)
        solution[live] = x
        left = wrong.any(dim=1).nonzero().squeeze(1)
        if len(left) == 0:
            return solution.view(linear.shape), torch.ones_like(linear[:, :, 0], dtype=torch.bool)
        free = free ^ wrong
        if 2 * len(left) <= len(live) or round_ == LIMIT - 1:  # go on with the unsolved ones alone
            left = left.repeat(2) if len(left) == 1 else left  # a lone problem might be rounded differently
            live, q, free = live[left], q[left], free[left]
            current = _of(matrix, live, count)
    x, solved = interior_point.nonnegative(current, q)
    solution[live] = x
    all_solved = torch.ones_like(solution[:, 0], dtype=torch.bool)
    all_solved[live] = solved
    return solution.view(linear.shape), all_solved.view(rows, count)


def _of(matrix: Float[Tensor, "r t t"], problems: Int[Tensor, " n"], count: int) -> Float[Tensor, "n t t"]:
    """The matrices of ``problems``, of which every row has ``count``."""
    return matrix.index_select(0, torch.div(problems, count, rounding_mode="floor"))


def _pivot(
    matrix: Float[Tensor, "n t t"], q: Float[Tensor, "n t"], free: Bool[Tensor, "n t"]
) -> tuple[Float[Tensor, "n t"], Bool[Tensor, "n t"]]:
    """The solution in the ``free`` variables, cut at 0, and which variables show that the guess was wrong."""
    mask = free.double()
    system = matrix * mask.unsqueeze(1)
    system *= mask.unsqueeze(2)
    system.diagonal(dim1=1, dim2=2).add_(1 - mask)
    factor = torch.linalg.cholesky_ex(system).L
    x = torch.cholesky_solve((-q * mask).unsqueeze(2), factor)
    slack = (matrix @ x).squeeze(2) + q
    x = x.squeeze(2)
    # a q that keeps its own variable at 0 may be large and says nothing about what is small elsewhere
    wrong = torch.where(free, x, slack) < -TOLERANCE * (x.abs().amax(dim=1, keepdim=True) + q.abs())
    return x.clamp(min=0.0), wrong
