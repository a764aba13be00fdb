"""The direction in a ball around the mean gradient that serves the worst-served task best."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting.solvers import block_pivoting
from mtl_core.weighting.solvers.gramian import NormalisedGramian, ridged
from mtl_core.weighting.solvers.min_norm import min_norm

LIMIT = 40
TOLERANCE = 1e-12
ROUNDING = 1e-15
TINY = 1e-300


def worst_case(
    parts: NormalisedGramian, start: Float[Tensor, "r t"], radius: float | Float[Tensor, "r 1"]
) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
    """The λ ≥ 0 for which d = g₀ + Σ λ_i g_i maximises min_i g_i·d over ‖d − g₀‖ ≤ c ‖g₀‖, and whether it was found.

    For a given worst improvement s, the shortest Jᵀλ that reaches it is a quadratic program over λ ≥ 0, and its length
    is a convex, increasing function of s.  Newton's method finds the s at which that length is the radius of the ball;
    it comes from the right, where a convex function cannot be missed.  Where task gradients cancel no finite λ is long
    enough; a ridge of 1e-12 makes it the shortest that nearly does, a million times as large as elsewhere.

    Args:
        parts: of the Gramian.  Tasks that are not alive ask for nothing.
        start: weights of g₀.
        radius: c ≥ 0.
    """
    cosines, light = ridged(parts.cosines), parts.inverse / parts.inverse.amax(dim=1, keepdim=True).clamp(min=TINY)
    pull = (parts.cosines @ (start * parts.norms).unsqueeze(2)).squeeze(2)  # g₀·g_i / ‖g_i‖
    length = (start * parts.norms * pull).sum(dim=1, keepdim=True).clamp(min=0.0).sqrt()
    vanishes = length <= 1e-7 * (start * parts.norms).sum(dim=1, keepdim=True)
    pull = pull / torch.where(vanishes, 1.0, length)
    x = min_norm(parts, parts.alive)[0] * parts.norms
    gain = _bound(cosines, pull, light, x, radius, parts.alive).masked_fill(vanishes, 0.0)
    x = x.masked_fill(vanishes, 0.0)
    solved, found = vanishes.squeeze(1), vanishes.squeeze(1)
    for _ in range(LIMIT):
        best, ok = block_pivoting.nonnegative(cosines, (pull - gain * light).unsqueeze(1), (x > 0).unsqueeze(1))
        x = torch.where(solved.unsqueeze(1), x, best.squeeze(1))
        found = torch.where(solved, found, ok.squeeze(1))
        reached = _length(cosines, x)
        # where λ holds gradients that cancel, its length is known less well
        known = TOLERANCE * radius + ROUNDING * (x * x).sum(dim=1, keepdim=True) / (reached + radius).clamp(min=TINY)
        solved = solved | ((reached - radius).abs() <= known).squeeze(1)
        if solved.all():
            break
        slope = (x * light).sum(dim=1, keepdim=True)
        step = (reached - radius) * reached / torch.where(slope > 0, slope, 1.0)
        gain = torch.where(solved.unsqueeze(1), gain, gain - step)
    return x * length * parts.inverse, found & solved


def _length(cosines: Float[Tensor, "r t t"], x: Float[Tensor, "r t"]) -> Float[Tensor, "r 1"]:
    return (x * (cosines @ x.unsqueeze(2)).squeeze(2)).sum(dim=1, keepdim=True).clamp(min=0.0).sqrt()


def _bound(
    cosines: Float[Tensor, "r t t"],
    pull: Float[Tensor, "r t"],
    light: Float[Tensor, "r t"],
    x: Float[Tensor, "r t"],
    radius: float | Float[Tensor, "r 1"],
    alive: Bool[Tensor, "r t"],
) -> Float[Tensor, "r 1"]:
    """An upper bound of the worst improvement: no task's own exceeds it, nor any convex combination of them (``x``)."""
    own = ((pull + radius) / light.clamp(min=TINY)).masked_fill(~alive, torch.inf).amin(dim=1, keepdim=True)
    weight = (x * light).sum(dim=1, keepdim=True)
    common = ((x * pull).sum(dim=1, keepdim=True) + radius * _length(cosines, x)) / weight.clamp(min=TINY)
    return torch.minimum(own, torch.where(weight > 0, common, torch.inf))
