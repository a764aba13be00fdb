"""IMTL-L: impartial balance of losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step
from mtl_core.weighting.solvers import adam


class IMTLL(LossWeighting):
    """Each loss is multiplied by a learnt scale that makes all scaled losses equal.

    The objective Σ_i e^{s_i} L_i − s_i; hence w_i = e^{s_i} and ds_i = w_i L_i − 1, which vanishes where w_i L_i = 1,
    whatever the kind and the unit of the loss.

    Source: L. Liu et al., "Towards impartial multi-task learning", ICLR 2021, the loss balance (IMTL-L).

    Differs from the paper: s has a step size of its own and follows Adam (β = 0.9, 0.999) with the native objective
    even where the network's weights are scaled to a fixed total; for s, a loss counts for 1e-12 at least.

    Args:
        step_size: step size of s, the logarithms of the scales.
    """

    def __init__(
        self, tasks: Sequence[Task], *, step_size: Annotated[float, LogUniform(1e-3, 1e-1), Domain(least=0)] = 1e-2
    ) -> None:
        super().__init__(tasks)
        self.step_size = step_size

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"log_scale": torch.zeros(replicas, len(self.tasks))} | adam.start(replicas, len(self.tasks))

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        weights = torch.exp(step.state["log_scale"])
        slope = weights * step.losses.clamp(min=FLOOR) - 1  # without it s would grow without bound where a loss is 0
        adam.descend(step.state, "log_scale", slope, step.present, self.step_size)
        return weights
