"""FairGrad: α-fair allocation of the improvement between tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.fair_shares import shares
from mtl_core.weighting.solvers.gramian import NormalisedGramian, in_float64
from mtl_core.weighting.solvers.solved_weighting import SolvedWeighting


class FairGrad(SolvedWeighting):
    """The direction maximises the α-fair utility of the tasks' improvements.

    w > 0 solves G w = w^(−1/α), element by element, where G is the Gramian of the task gradients g_i: d = Σ_i w_i g_i
    maximises Σ_i (g_i·d)^(1−α) / (1−α) up to its length.  α = 1 is ``nash`` of the undivided Gramian, α = 2
    the smallest total delay; α → ∞ serves the worst-served task alone.

    Source: H. Ban & K. Ji, "Fair resource allocation in multi-task learning", ICML 2024, algorithm 1.

    Differs from the paper: solved by Newton's method to a relative error of 1e-6 or better, and not by bounded least
    squares; a step that fails, as for ``nash``, is counted and uses its last iterate.  A task without a gradient has
    weight 0.

    Args:
        alpha: α, the degree of fairness; 1 is the Nash bargaining solution, a large one serves the worst-served task.
    """

    def __init__(
        self, tasks: Sequence[Task], *, alpha: Annotated[float, LogUniform(0.5, 5.0), Domain(above=0)] = 2.0
    ) -> None:
        super().__init__(tasks)
        self.alpha = alpha

    def solve(self, parts: NormalisedGramian, step: GramianStep) -> tuple[Float[Tensor, "r t"], Bool[Tensor, " r"]]:
        return shares(parts, 1 / in_float64(self.alpha))
