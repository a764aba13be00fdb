"""IMTL-G: impartial weights of gradients."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import GramianStep, GramianWeighting
from mtl_core.weighting.solvers.equal_cosines import equal_cosines
from mtl_core.weighting.solvers.gramian import final_weights, normalised


class IMTLG(GramianWeighting):
    """Weights at which the step has the same projection on every task's gradient.

    Σ_i w_i = 1 and d·g_i/‖g_i‖ is the same for all i, where d = Σ_i w_i g_i: hence w_i = a_i/‖g_i‖ / Σ_j a_j/‖g_j‖ with
    C a = 1, C being the cosines between task gradients.  Weights may be negative.  Where
    Σ_j a_j/‖g_j‖ is negative, the direction ascends for every task, as in the paper.

    Source: L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao & W. Zhang, "Towards impartial multi-task
    learning", ICLR 2021, the closed form of IMTL-G.

    Differs from the paper: the system is that of the cosines, with 1e-12 on its diagonal, so that linearly
    dependent gradients have weights too: equal gradients have equal weights.  A task without a gradient has weight 0.
    """

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        parts = normalised(step.gramian, step.present)
        weights = equal_cosines(parts) * parts.inverse
        total = weights.sum(dim=1, keepdim=True)
        # the total of weights of both signs can vanish; the paper has no remedy
        least = 1e-12 * weights.abs().sum(dim=1, keepdim=True)
        total = torch.where(total.abs() > least, total, torch.where(least > 0, least, 1.0))
        return final_weights(weights / total, parts, step.present, step.losses)
