"""Equal weights: the plain sum or mean of the losses."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import LossWeighting, Step


class Equal(LossWeighting):
    """All tasks have the same weight.

    w_i = 1 (native), 1/T (matched).

    Source: CS330 (Stanford), "Multi-task learning basics": vanilla multi-task learning.

    Differs from the source: nothing.
    """

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        return torch.ones_like(step.losses)
