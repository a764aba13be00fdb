"""Projecting conflicting gradients."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting
from mtl_core.weighting.solvers import gradient_surgery


class PCGrad(GramianWeighting):
    """What a task gradient has against another is projected away, in random order.

    g_i' starts as g_i; for each j ≠ i in random order, if g_i'·g_j < 0: g_i' ← g_i' − (g_i'·g_j / ‖g_j‖²) g_j, where
    g_j is the gradient of task j as it was.  The direction is Σ_i g_i' = Σ_j w_j g_j; hence w_j = Σ_i C_ij, where
    C_ij is the coefficient of g_j in g_i', and G = (g_i·g_j) is all that it takes to find them.

    Source: T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman & C. Finn, "Gradient surgery for multi-task learning",
    NeurIPS 2020, algorithm 1.

    Differs from the paper: nothing; a task whose gradient vanishes conflicts with nobody.
    """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        norms, cosines = gradient_surgery.unit(step.gramian)
        order = gradient_surgery.random_order(self.tasks, step.streams).to(step.gramian.device)
        pairs = gradient_surgery.meetings(norms, step.present)
        coefficients = gradient_surgery.correct(
            cosines, order, pairs, lambda product, square, partner: (-product).clamp(min=0)
        )
        return gradient_surgery.total_weights(coefficients, norms, step.present)
