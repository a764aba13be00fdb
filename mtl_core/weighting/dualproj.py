"""The mean gradient freed of conflict."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers import gramian as gramians
from mtl_core.weighting.solvers.dual_cone import project


class DualProj(GramianWeighting):
    """The direction nearest to the mean gradient that conflicts with no task.

    d minimises ‖d − g_0‖ over g_i·d ≥ 0 for all i; g_0 = Σ_i g_i / T.  In terms of the Gramian G of the task gradients
    g_i, w minimises wᵀ G w over w ≥ 1/T.

    Source: D. Lopez-Paz & M. Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017, eq. 11.

    Differs from the paper: the gradient that is projected is the mean of all tasks' and not that of the latest task, as
    in P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", 2024.  T counts present tasks.
    """

    def start(self, replicas: int, shared: int = 0) -> State:
        return gramians.counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = gramians.unit(step.gramian, step.present)
        mean = step.present.double() / step.num_present
        weights, solved = project(parts, mean.unsqueeze(1))
        weights, solved = weights.squeeze(1), solved.squeeze(1)
        gramians.count(step.state, solved & parts.finite)
        return gramians.returned(weights, parts, step.present, step.losses)
