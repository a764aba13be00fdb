"""UPGrad: task gradients freed of conflict, then averaged."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.dual_cone import project
from mtl_core.weighting.solvers.gramian import NormalisedGramian
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting


class UPGrad(SolvedWeighting):
    """Each task gradient is projected onto the cone of the directions that conflict with no task; the mean is taken.

    d = Σ_i π(g_i) / T; π projects on {d: g_j·d ≥ 0 for all j}.  In terms of the Gramian G, π(g_i) = Σ_j v_ij g_j where
    v_i minimises vᵀ G v over v ≥ e_i, the i-th unit vector; w = Σ_i v_i / T.

    Source: P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", arXiv 2406.16232, 2024,
    proposition 1.

    Differs from the paper: nothing but the solver.  G is scaled to a diagonal of 1 before 1e-12 is added to it, so that
    the ridge is as small for short gradients as for long ones.  T counts present tasks.
    """

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        each = torch.diag_embed(step.present.double() / step.num_present)
        weights, solved = project(parts, each)
        return weights.sum(dim=1), solved.all(dim=1)
