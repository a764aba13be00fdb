"""Every task gradient freed of conflict, then averaged."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers import gramian as gramians
from mtl_core.weighting.solvers.dual_cone import project


class UPGrad(GramianWeighting):
    """The mean of the task gradients after each was projected to where it conflicts with no task.

    d = Σ_i π(g_i) / T; π projects on {d: g_j·d ≥ 0 for all j}.  In terms of the Gramian G, π(g_i) = Σ_j v_ij g_j where
    v_i minimises vᵀ G v over v ≥ e_i, the i-th unit vector; w = Σ_i v_i / T.

    Source: P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", arXiv 2406.16232, 2024, eq. 3
    and proposition 1.

    Differs from the paper: nothing but the solver.  G is scaled to a diagonal of 1 before 1e-12 is added to it, so that
    short gradients are not conflicted with either.  T counts present tasks.
    """

    def start(self, replicas: int, shared: int = 0) -> State:
        return gramians.counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = gramians.unit(step.gramian, step.present)
        each = torch.diag_embed(step.present.double() / step.num_present)
        weights, solved = project(parts, each)
        weights, solved = weights.sum(dim=1), solved.all(dim=1)
        gramians.count(step.state, solved & parts.finite)
        return gramians.returned(weights, parts, step.present, step.losses)
