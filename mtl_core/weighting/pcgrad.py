"""PCGrad: projecting conflicting gradients."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting
from mtl_core.weighting.solvers.gradient_surgery import (
    corrected_coefficients,
    correcting_pairs,
    norms_and_cosines,
    random_order,
    total_weights,
)


class PCGrad(GramianWeighting):
    """Each task gradient is projected onto the normal planes of the gradients it conflicts with, in random order.

    g_i' starts as g_i; for each j ≠ i in random order, if g_i'·g_j < 0: g_i' ← g_i' − (g_i'·g_j / ‖g_j‖²) g_j, where
    g_j is the gradient of task j as it was.  The direction is Σ_i g_i' = Σ_j w_j g_j; hence w_j = Σ_i C_ij, where
    C_ij is the coefficient of g_j in g_i', and G = (g_i·g_j) is all that it takes to find them.

    Source: T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman & C. Finn, "Gradient surgery for multi-task learning",
    NeurIPS 2020, algorithm 1.

    Differs from the paper: nothing; a task whose gradient is 0 conflicts with none.
    """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        norms, cosines = norms_and_cosines(step.gramian)
        order = random_order(self.tasks, step.streams).to(step.gramian.device)
        pairs = correcting_pairs(norms, step.present)
        coefficients = corrected_coefficients(
            cosines, order, pairs, lambda product, square, partner: (-product).clamp(min=0)
        )
        return total_weights(coefficients, norms, step.present)
