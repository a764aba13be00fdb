"""GLS: the geometric mean of the losses."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import FLOOR, LossWeighting, Step


class Geometric(LossWeighting):
    """The geometric mean of the losses is minimised, so that the scale of a task's loss does not matter.

    The objective is M = (Π_i L_i)^{1/T} over T tasks.  Its gradient is Σ_i w_i ∇L_i with w_i = ∂M/∂L_i = M / (T L_i).

    Source: S. Chennupati, G. Sistu, S. Yogamani & S. A. Rawashdeh, "MultiNet++: multi-stream feature aggregation and
    geometric loss strategy for multi-task learning", CVPR Workshops 2019, the geometric loss strategy (GLS).

    Differs from the paper: the mean is over the tasks that are present in the batch; no task is
    counted twice (the paper's focus); a loss counts for 1e-12 at least.
    """

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        logarithms = step.losses.clamp(min=FLOOR).log()
        mean = torch.where(step.present, logarithms, 0.0).sum(dim=1, keepdim=True) / step.num_present
        return torch.where(step.present, torch.exp(mean - logarithms) / step.num_present, 0.0)
