"""The direction in a ball around the mean gradient that serves the worst-served task best."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import block_pivoting
from mtl_core.weighting.solvers.gramian import NormalisedGramian, ridged
from mtl_core.weighting.solvers.min_norm import min_norm

LIMIT = 40
"""Newton steps at most."""
TOLERANCE = 1e-12
"""Largest error of the length of Jᵀλ, relative to the radius of the ball."""
ROUNDING = 1e-15
"""Rounding error of the length's square, relative to ‖x‖² with x = λ ∘ ‖g‖."""
TINY = 1e-300
"""Smallest divisor."""


def best_in_ball(
    parts: NormalisedGramian, start: Float[Tensor, "r t"], radius: float | Float[Tensor, "r 1"]
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """Find the λ ≥ 0 for which d = g₀ + Σ λ_i g_i maximises min_i g_i·d over ‖d − g₀‖ ≤ c ‖g₀‖.

    For a given worst improvement s, the shortest Jᵀλ that reaches it is a quadratic program over λ ≥ 0, and its length
    is a convex, increasing function of s.  Newton's method finds the s at which that length is the radius of the ball;
    it comes from the right, where a convex function cannot be missed.  Where task gradients cancel no finite λ is long
    enough; a ridge of 1e-12 makes it the shortest that nearly does, a million times as large as elsewhere.

    Args:
        parts: the normalised Gramian of the task gradients.  Tasks that are not alive do not count in the minimum.
        start: weights of the task gradients in g₀.
        radius: c ≥ 0, one number or one per replica.

    Returns:
        λ, and whether it was found.
    """
    cosines = ridged(parts.cosines)
    inverse = parts.inverse / parts.inverse.amax(dim=1, keepdim=True).clamp(min=TINY)
    alignment = (parts.cosines @ (start * parts.norms).unsqueeze(2)).squeeze(2)  # g₀·g_i / ‖g_i‖
    length = (start * parts.norms * alignment).sum(dim=1, keepdim=True).clamp(min=0.0).sqrt()
    vanishes = length <= 1e-7 * (start * parts.norms).sum(dim=1, keepdim=True)
    alignment = alignment / torch.where(vanishes, 1.0, length)
    x = min_norm(parts, parts.alive)[0] * parts.norms
    gain = _bound(cosines, alignment, inverse, x, radius, parts.alive).masked_fill(vanishes, 0.0)
    x = x.masked_fill(vanishes, 0.0)
    solved, converged = vanishes.squeeze(1), vanishes.squeeze(1)
    for _ in range(LIMIT):
        best, best_solved = block_pivoting.nonnegative(
            cosines, (alignment - gain * inverse).unsqueeze(1), (x > 0).unsqueeze(1)
        )
        x = torch.where(solved.unsqueeze(1), x, best.squeeze(1))
        converged = torch.where(solved, converged, best_solved.squeeze(1))
        reached = _length(cosines, x)
        # where λ holds gradients that cancel, its length is known less precisely
        rounding = ROUNDING * (x * x).sum(dim=1, keepdim=True) / (reached + radius).clamp(min=TINY)
        tolerance = TOLERANCE * radius + rounding
        solved = solved | ((reached - radius).abs() <= tolerance).squeeze(1)
        if solved.all():
            break
        slope = (x * inverse).sum(dim=1, keepdim=True)
        step = (reached - radius) * reached / torch.where(slope > 0, slope, 1.0)
        gain = torch.where(solved.unsqueeze(1), gain, gain - step)
    return x * length * parts.inverse, converged & solved


def _length(cosines: Float[Tensor, "r t t"], x: Float[Tensor, "r t"]) -> Float[Tensor, "r 1"]:
    return (x * (cosines @ x.unsqueeze(2)).squeeze(2)).sum(dim=1, keepdim=True).clamp(min=0.0).sqrt()


def _bound(
    cosines: Float[Tensor, "r t t"],
    alignment: Float[Tensor, "r t"],
    inverse: Float[Tensor, "r t"],
    x: Float[Tensor, "r t"],
    radius: float | Float[Tensor, "r 1"],
    alive: Bool[Tensor, "r t"],
) -> Float[Tensor, "r 1"]:
    """An upper bound of the worst improvement: no task's own exceeds it, nor any convex combination of them (``x``)."""
    own = (alignment + radius) / inverse.clamp(min=TINY)
    own = own.masked_fill(~alive, torch.inf).amin(dim=1, keepdim=True)
    weight = (x * inverse).sum(dim=1, keepdim=True)
    common = ((x * alignment).sum(dim=1, keepdim=True) + radius * _length(cosines, x)) / weight.clamp(min=TINY)
    return torch.minimum(own, torch.where(weight > 0, common, torch.inf))
