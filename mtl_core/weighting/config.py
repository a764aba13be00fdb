"""ConFIG: a conflict-free direction with equal cosines."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting
from mtl_core.weighting.solvers.equal_cosines import equal_cosines
from mtl_core.weighting.solvers.gramian import final_weights, normalised


class ConFIG(GramianWeighting):
    """The direction at equal angles to all task gradients, whose length is the sum of their projections on it.

    d = (Σ_i g_i·u) u, where u is the unit vector with the same cosine to every task gradient g_i.  With C the cosines
    between these, C a = 1 and u ∝ Σ_i a_i g_i/‖g_i‖: hence w_i = a_i/‖g_i‖ · Σ_j ‖g_j‖ / Σ_j a_j.

    Source: Q. Liu, M. Chu & N. Thuerey, "ConFIG: towards conflict-free training of physics informed neural networks",
    ICLR 2025.

    Differs from the paper: C a = 1 is solved with 1e-12 on the diagonal of C in place of a pseudo-inverse; where
    gradients add up to 0, only the direction 0 has equal cosines; this one approaches it continuously, where a
    pseudo-inverse jumps.  The momentum variant is not included.  Scaled to a fixed total weight this is ``imtl_g``,
    except for the negative sign that the latter can have.  A task without a gradient has weight 0.
    """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        weights = equal_cosines(parts) * parts.inverse * parts.norms.sum(dim=1, keepdim=True)
        return final_weights(weights, parts, step.present, step.losses)
