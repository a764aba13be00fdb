"""CAGrad: conflict-averse gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Uniform
from mtl_core.weighting import GramianStep, GramianWeighting, State
from mtl_core.weighting.solvers.gramian import count_failures, failure_counter, final_weights, in_float64, normalised
from mtl_core.weighting.solvers.trust_ball import worst_case


class CAGrad(GramianWeighting):
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

    solves_on_host = True

    def __init__(self, tasks: Sequence[Task], *, c: Annotated[float, Uniform(0.05, 0.95)] = 0.4) -> None:
        super().__init__(tasks)
        self.c = c

    def start(self, replicas: int, shared: int = 0) -> State:
        return failure_counter(replicas)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        mean = step.present.double() / step.num_present
        added, solved = worst_case(parts, mean, in_float64(self.c))
        weights = mean + added
        count_failures(step.state, solved & parts.finite)
        return final_weights(weights, parts, step.present, step.losses)
