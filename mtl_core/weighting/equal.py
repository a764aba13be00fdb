"""Equal weights."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import LossWeighting, State


class Equal(LossWeighting):
    """Every task counts alike.

    w_i = 1 (native), 1/T (matched).

    Source: vanilla multi-task learning, CS330 (Stanford), "Multi-task learning basics".

    Differs from the source: nothing.
    """

    def weigh(
        self, losses: Float[Tensor, "r t"], present: Bool[Tensor, "r t"], state: State, streams: Streams
    ) -> Float[Tensor, "r t"]:
        return torch.ones_like(losses)
