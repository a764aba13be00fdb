"""Uncertainty weighting by homoscedastic noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.kinds import kind_named
from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.search_space import LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step
from mtl_core.weighting.solvers import adam


class Uncertainty(LossWeighting):
    """Each loss is divided by a noise variance that is learnt together with the network.

    The objective Σ_i c_i L_i e^{−s_i} + s_i / 2 with the factor c_i that makes the loss a negative log-likelihood, as
    the kind of a task says: ½ for squared errors and Poisson deviances, 1 for cross entropy; s_i = log σ_i² is the
    log-variance of task i.  Hence w_i = c_i e^{−s_i} and ds_i = ½ − w_i L_i.

    Source: A. Kendall, Y. Gal & R. Cipolla, "Multi-task learning using uncertainty to weigh losses for scene geometry
    and semantics", CVPR 2018: the likelihoods of a regression and of a classification.

    Differs from the paper: there are counts, too; s has a step size of its own, without weight decay, and follows Adam
    (β = 0.9, 0.999) with the native objective even where the network's weights are scaled to a fixed total.

    Args:
        step_size: step size of the log-variances.
    """

    def __init__(self, tasks: Sequence[Task], *, step_size: Annotated[float, LogUniform(1e-3, 1e-1)] = 1e-2) -> None:
        super().__init__(tasks)
        self.step_size = step_size
        self._precision = FixedTensor([kind_named(task.kind).likelihood_factor for task in tasks])

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"log_variance": torch.zeros(replicas, len(self.tasks))} | adam.start(replicas, len(self.tasks))

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        precision = self._precision.like(step.losses)
        weights = precision * torch.exp(-step.state["log_variance"])
        slope = 0.5 - weights * step.losses.clamp(min=FLOOR)  # without it s would fall without bound where a loss is 0
        adam.descend(step.state, "log_variance", slope, step.present, self.step_size)
        return weights
