"""MGDA: the multiple-gradient descent algorithm."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.gramian import count_failures, failure_counter, final_weights, normalised
from mtl_core.weighting.solvers.min_norm import min_norm


class MGDA(GramianWeighting):
    """The direction is the shortest convex combination of the task gradients; every loss falls along it, or it is 0.

    w minimises ‖Σ_i w_i g_i‖² = wᵀ G w over w ≥ 0, Σ_i w_i = 1; g_i is the gradient of task i, G their Gramian.  Every
    task has g_i·d ≥ ‖d‖² for d = Σ_i w_i g_i.

    Source: J.-A. Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", C. R. Math.
    350 (2012); O. Sener & V. Koltun, "Multi-task learning as multi-objective optimization", NeurIPS 2018, eq. 3.

    Differs from the paper: the minimum is found by pivoting to about 1e-12, in closed form for two tasks, and not by a
    few Frank-Wolfe steps, which end up to five times too long.  Gradients are not normalised first.
    """

    def start(self, replicas: int, shared: int = 0) -> State:
        return failure_counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        weights, solved = min_norm(parts, step.present)
        count_failures(step.state, solved & parts.finite)
        return final_weights(weights, parts, step.present, step.losses)
