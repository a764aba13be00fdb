"""Weights at which every task's share of the step follows from its weight alone."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers.gramian import NormalisedGramian

LIMIT = 60
STOP, ENOUGH = 1e-10, 1e-6
"""The largest relative error at which an iterate is left alone, and at which it counts as a solution."""
ROUNDING = 5e-16
"""Of a product of cosines and b, relative to b: a smaller error is none, also where b has grown without end."""
LENGTHS = (1.0, 2.0, 4.0, 0.5, 0.25, 0.0625)
"""Of Newton's step, tried side by side; long ones, for it only doubles what is far too small."""


def shares(
    parts: NormalisedGramian, power: float | Float[Tensor, "r 1"]
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """The w > 0 with G w = w^−p, and whether it was found (to 1e-6 of each side).

    With b = ‖g‖ ∘ w, cosines C and κ = ‖g‖^(p−1) this is C b = κ b^−p, where ½ bᵀCb − Σ κ b^(1−p)/(1−p), which is
    convex, is smallest.  Newton's direction, of which a length is taken at which the slope along it has about vanished.
    There is no solution where the task gradients hold a convex combination of length 0: b grows without end.

    Args:
        parts: of the Gramian.  Tasks that are not alive have weight 0.
        power: p > 0.
    """
    cosines, alive = parts.cosines, parts.alive
    rest = 1 - alive.double()
    kappa = torch.exp((power - 1) * torch.log(parts.norms + rest))
    b = _start(cosines, kappa, power, alive)
    over = ~alive.any(dim=1)
    error = push = torch.ones_like(b)
    lengths = torch.tensor(LENGTHS, dtype=b.dtype, device=b.device)[:, None, None]
    for _ in range(LIMIT):
        pull = (cosines @ b.unsqueeze(2)).squeeze(2) + rest
        push = kappa * torch.exp(-power * torch.log(b))
        error = (pull - push).abs()
        over = over | (error <= STOP * push + ROUNDING * b.sum(dim=1, keepdim=True)).all(dim=1)
        if over.all():
            break
        ahead, failed = _newton(cosines, kappa, power, rest, b, pull, push, lengths)
        over = over | failed
        b = torch.where(over.unsqueeze(1), b, ahead)
    return b * parts.inverse, (error <= ENOUGH * push).all(dim=1)


def _start(
    cosines: Float[Tensor, "r t t"], kappa: Float[Tensor, "r t"], power: float | Tensor, alive: Bool[Tensor, "r t"]
) -> Float[Tensor, "r t"]:
    """What would be the solution if the gradients were orthogonal, times the best number for those that there are."""
    b = torch.exp(torch.log(kappa) / (1 + power))
    kept = b.masked_fill(~alive, 0.0)
    long = (kept * (cosines @ kept.unsqueeze(2)).squeeze(2)).sum(dim=1, keepdim=True)
    orthogonal = (kept * kept).sum(dim=1, keepdim=True)
    ratio = orthogonal / torch.maximum(long, 1e-6 * orthogonal).clamp(min=1e-300)
    best = torch.exp(torch.log(ratio.clamp(min=1e-6)) / (1 + power))
    return torch.where(alive, b * best, 1.0)


def _newton(
    cosines: Float[Tensor, "r t t"],
    kappa: Float[Tensor, "r t"],
    power: float | Tensor,
    rest: Float[Tensor, "r t"],
    b: Float[Tensor, "r t"],
    pull: Float[Tensor, "r t"],
    push: Float[Tensor, "r t"],
    lengths: Float[Tensor, "n 1 1"],
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """The next iterate, and where there is none."""
    system = cosines.clone()
    system.diagonal(dim1=1, dim2=2).add_(power * push / b + rest)
    factor = torch.linalg.cholesky_ex(system)
    step = torch.cholesky_solve((push - pull).unsqueeze(2), factor.L)
    turn = (cosines @ step).squeeze(2)
    step = step.squeeze(2)
    room = 1 / (-step / b).amax(dim=1, keepdim=True).clamp(min=1e-3).div(0.95)
    tried = torch.minimum(lengths, room)
    ahead = b + tried * step
    slope = (step * (pull + tried * turn - kappa * torch.exp(-power * torch.log(ahead)))).sum(dim=2)
    best = slope.abs().argmin(dim=0)
    ahead = ahead.gather(0, best[None, :, None].expand(1, *b.shape)).squeeze(0)
    return ahead, (factor.info > 0) | ~(ahead.sum(dim=1) < torch.inf)
