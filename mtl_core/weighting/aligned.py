"""Aligned-MTL: task gradients made orthogonal and equally long."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting
from mtl_core.weighting.solvers.gramian import final_weights, normalised


class Aligned(GramianWeighting):
    """Task gradients are replaced by the nearest orthogonal ones of equal length, which are added.

    G = V Λ Vᵀ is the Gramian of the task gradients.  B = √λ_min V Λ^(−1/2) Vᵀ, over the eigenvalues that are not 0,
    makes the system of gradients as well-conditioned as it can be; w = B 1.

    Source: D. Senushkin, N. Patakin, A. Kuznetsov & A. Konushin, "Independent component alignment for multi-task
    learning", CVPR 2023, algorithm 1 with all task importances 1.

    Differs from the paper: nothing; an eigenvalue is 0 below T ε λ_max, and so are all weights below 10 T ε, where ε is
    the precision in which the Gramian arrives.
    """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        whole = torch.where(parts.finite[:, None, None], step.gramian.double(), 0.0)
        size = parts.norms.amax(dim=1, keepdim=True).unsqueeze(2)
        values, vectors = torch.linalg.eigh(whole / torch.where(size > 0, size * size, 1.0))
        rounding = step.gramian.shape[1] * torch.finfo(step.gramian.dtype).eps
        nonzero = values > (rounding * values[:, -1:]).clamp(min=0.0)
        smallest = torch.where(nonzero, values, torch.inf).amin(dim=1, keepdim=True)
        shrink = torch.where(nonzero, (smallest / values).sqrt(), 0.0)
        along = (vectors.mT @ step.present.double().unsqueeze(2)).squeeze(2)
        weights = (vectors @ (shrink * along).unsqueeze(2)).squeeze(2)
        # of gradients that cancel nothing is left but rounding, which must not be scaled up to a step
        weights = weights.masked_fill(weights.abs().amax(dim=1, keepdim=True) <= 10 * rounding, 0.0)
        return final_weights(weights, parts, step.present, step.losses)
