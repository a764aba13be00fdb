"""DualProj: the mean gradient projected onto the dual cone of the task gradients."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.dual_cone import project
from mtl_core.weighting.solvers.gramian import NormalisedGramian
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting


class DualProj(SolvedWeighting):
    """The mean gradient is projected onto the cone of the directions that conflict with no task.

    d minimises ‖d − g_0‖ over g_i·d ≥ 0 for all i; g_0 = Σ_i g_i / T.  In terms of the Gramian G of the task gradients
    g_i, w minimises wᵀ G w over w ≥ 1/T.

    Source: D. Lopez-Paz & M. Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017.

    Differs from the paper: the gradient that is projected is the mean of all tasks' and not that of the latest task, as
    in P. Quinton & V. Rey, "Jacobian descent for multi-objective optimization", 2024.  T counts present tasks.
    """

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        mean = step.present.double() / step.num_present
        weights, solved = project(parts, mean.unsqueeze(1))
        return weights.squeeze(1), solved.squeeze(1)
