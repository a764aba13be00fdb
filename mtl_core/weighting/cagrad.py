"""CAGrad: conflict-averse gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, Uniform
from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.gramian import NormalisedGramian, in_float64
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting
from mtl_core.weighting.solvers.trust_ball import best_in_ball


class CAGrad(SolvedWeighting):
    """The direction in a ball around the mean gradient that maximises the smallest improvement of any task.

    d maximises min_i g_i·d over ‖d − g_0‖ ≤ c ‖g_0‖; g_0 = Σ_i g_i / T is the mean of the task gradients g_i, c the
    ball's radius in units of its length.  Hence w_i = 1/T + c ‖g_0‖ / ‖g_v‖ v_i, where v minimises
    g_v·g_0 + c ‖g_0‖ ‖g_v‖ over the simplex and g_v = Σ_i v_i g_i.

    Source: B. Liu, X. Liu, X. Jin, P. Stone & Q. Liu, "Conflict-averse gradient descent for multi-task learning",
    NeurIPS 2021, algorithm 1.

    Differs from the paper: the problem is solved to about 1e-10, by another algorithm.  Where g_v = 0 the paper's
    factor is infinite (its code adds 1e-8 to ‖g_v‖); here it stops at about 1e6.  None of the code's rescalings, such
    as by 1 / (1 + c²), is applied.  T counts present tasks; one without a gradient does not count as the worst-served.

    Args:
        c: radius of the ball, in lengths of the mean gradient; 0 is the mean gradient itself, and from 1 on the step
            need not lower the mean loss.
    """

    def __init__(
        self, tasks: Sequence[Task], *, c: Annotated[float, Uniform(0.05, 0.95), Domain(least=0)] = 0.4
    ) -> None:
        super().__init__(tasks)
        self.c = c

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        mean = step.present.double() / step.num_present
        added, solved = best_in_ball(parts, mean, in_float64(self.c))
        return mean + added, solved
