"""Task weights w with G w = w^−p: every task's share of the step follows from its own weight alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.fixed_tensor import FixedTensor
from mtl_core.weighting.solvers.gramian import NormalisedGramian

LIMIT = 60
"""Newton steps at most."""
STOP, ENOUGH = 1e-10, 1e-6
"""The largest relative error at which an iterate is left alone, and at which it counts as a solution."""
ROUNDING = 5e-16
"""Rounding error of a product of cosines and b, relative to b; a smaller error counts as none, however large b is."""
LENGTHS = (1.0, 2.0, 4.0, 0.5, 0.25, 0.0625)
"""Multiples of Newton's step that are tried side by side; long ones, for it only doubles what is far too small."""
_LENGTHS = FixedTensor(LENGTHS)


@dataclass(frozen=True)
class _Problem:
    """C b = κ b^−p in the variables b = ‖g‖ ∘ w; tasks that are not alive have b = 1, and 1 = 1 for an equation.

    Args:
        cosines: C.
        kappa: κ = ‖g‖^(p−1).
        power: p.
        alive: which tasks count.
    """

    cosines: Float[Tensor, "r t t"]
    kappa: Float[Tensor, "r t"]
    power: float | Float[Tensor, "r 1"]
    alive: Bool[Tensor, "r t"]

    @cached_property
    def not_alive(self) -> Float[Tensor, "r t"]:
        return 1 - self.alive.double()

    def product(self, b: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """The left side."""
        return (self.cosines @ b.unsqueeze(2)).squeeze(2) + self.not_alive

    def target(self, b: Float[Tensor, "*n r t"]) -> Float[Tensor, "*n r t"]:
        """The right side, at one b or at several."""
        return self.kappa * torch.exp(-self.power * torch.log(b))


def shares(
    parts: NormalisedGramian, power: float | Float[Tensor, "r 1"]
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """Solve G w = w^−p for w > 0.

    With b = ‖g‖ ∘ w, cosines C and κ = ‖g‖^(p−1) this is C b = κ b^−p, where ½ bᵀCb − Σ κ b^(1−p)/(1−p), which is
    convex, is smallest.  Each iteration takes, of the multiples :data:`LENGTHS` of Newton's step, the one at which the
    slope along the step is nearest to 0.  There is no solution where the task gradients hold a convex combination of
    length 0: b then grows without end.

    Args:
        parts: the normalised Gramian of the task gradients.  Tasks that are not alive have weight 0.
        power: p > 0, one number or one per replica.

    Returns:
        w, and whether it was found, to a relative error of :data:`ENOUGH`.
    """
    kappa = torch.exp((power - 1) * torch.log(parts.norms + (1 - parts.alive.double())))
    problem = _Problem(parts.cosines, kappa, power, parts.alive)
    b = _start(problem)
    done = ~parts.alive.any(dim=1)
    error = target = torch.ones_like(b)
    for _ in range(LIMIT):
        product, target = problem.product(b), problem.target(b)
        error = (product - target).abs()
        done = done | (error <= STOP * target + ROUNDING * b.sum(dim=1, keepdim=True)).all(dim=1)
        if done.all():
            break
        ahead, failed = _newton(problem, b, product, target)
        done = done | failed
        b = torch.where(done.unsqueeze(1), b, ahead)
    return b * parts.inverse, (error <= ENOUGH * target).all(dim=1)


def _start(problem: _Problem) -> Float[Tensor, "r t"]:
    """Solution for orthogonal gradients of the same norms, times the factor that fits the actual cosines best."""
    b = torch.exp(torch.log(problem.kappa) / (1 + problem.power))
    guess = b.masked_fill(~problem.alive, 0.0)
    squared = (guess * (problem.cosines @ guess.unsqueeze(2)).squeeze(2)).sum(dim=1, keepdim=True)
    orthogonal = (guess * guess).sum(dim=1, keepdim=True)
    ratio = orthogonal / torch.maximum(squared, 1e-6 * orthogonal).clamp(min=1e-300)
    best = torch.exp(torch.log(ratio.clamp(min=1e-6)) / (1 + problem.power))
    return torch.where(problem.alive, b * best, 1.0)


def _newton(
    problem: _Problem, b: Float[Tensor, "r t"], product: Float[Tensor, "r t"], target: Float[Tensor, "r t"]
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """The next iterate after b, of which both sides are given, and in which rows there is none."""
    system = problem.cosines.clone()
    system.diagonal(dim1=1, dim2=2).add_(problem.power * target / b + problem.not_alive)
    factor = torch.linalg.cholesky_ex(system)
    step = torch.cholesky_solve((target - product).unsqueeze(2), factor.L)
    product_step = (problem.cosines @ step).squeeze(2)
    step = step.squeeze(2)
    longest = 1 / (-step / b).amax(dim=1, keepdim=True).clamp(min=1e-3).div(0.95)
    tried = torch.minimum(_LENGTHS.like(b)[:, None, None], longest)
    ahead = b + tried * step
    slope = (step * (product + tried * product_step - problem.target(ahead))).sum(dim=2)
    best = slope.abs().argmin(dim=0)
    ahead = ahead.gather(0, best[None, :, None].expand(1, *b.shape)).squeeze(0)
    return ahead, (factor.info > 0) | ~(ahead.sum(dim=1) < torch.inf)
