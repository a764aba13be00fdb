"""DualProj: the mean gradient projected onto the dual cone of the task gradients."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.dual_cone import project
from mtl_core.weighting.solvers.gramian import count_failures, failure_counter, final_weights, normalised


class DualProj(GramianWeighting):
    """The mean gradient is projected onto the cone of the directions that conflict with no task.

    d minimises ‖d − g_0‖ over g_i·d ≥ 0 for all i; g_0 = Σ_i g_i / T.  In terms of the Gramian G of the task gradients
    g_i, w minimises wᵀ G w over w ≥ 1/T.

    Source: D. Lopez-Paz & M. Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017.

    Differs from the paper: the gradient that is projected is the mean of all tasks' and not that of the latest task, as
    in P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", 2024.  T counts present tasks.
    """

    solves_on_host = True

    def start(self, replicas: int, shared: int = 0) -> State:
        return failure_counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        mean = step.present.double() / step.num_present
        weights, solved = project(parts, mean.unsqueeze(1))
        weights, solved = weights.squeeze(1), solved.squeeze(1)
        count_failures(step.state, solved & parts.finite)
        return final_weights(weights, parts, step.present, step.losses)
