"""Equal weights."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import LossWeighting, Step


class Equal(LossWeighting):
    """Every task counts alike.

    w_i = 1 (native), 1/T (matched).

    Source: vanilla multi-task learning, CS330 (Stanford), "Multi-task learning basics".

    Differs from the source: nothing.
    """

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        return torch.ones_like(step.losses)
