"""GradNorm: gradient normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform, Uniform
from mtl_core.weighting import FLOOR, GramianStep, GramianWeighting, State, remember
from mtl_core.weighting.solvers import adam

_LEAST = 1e-3
"""Smallest weight before all are scaled to their total."""


class GradNorm(GramianWeighting):
    """Weights are learnt that give tasks which train slowly large gradients, and fast ones small gradients.

    n_i = w_i ‖g_i‖, where g_i is the gradient of task i on the shared parameters; n̄ is the mean over the tasks;
    ρ_i = (L_i / L_i(0)) / mean_j (L_j / L_j(0)), the relative inverse training rate, with L_i(0) the first loss.
    After each step w descends on Σ_i |n_i − n̄ ρ_i^α| with n̄ ρ_i^α held constant, that is, along
    sign(n_i − n̄ ρ_i^α) ‖g_i‖, and is scaled to Σ_i w_i = T.  α = 0 makes all norms equal.

    Source: Z. Chen, V. Badrinarayanan, C.-Y. Lee & A. Rabinovich, "GradNorm: gradient normalization for adaptive loss
    balancing in deep multitask networks", ICML 2018: the gradient loss and its target norms.

    Differs from the paper: g_i is the gradient on all shared parameters; the paper's, on those of the last shared
    stage, is a choice (``gradients: last_stage``). The slope is divided by n̄, which frees Adam (β = 0.9, 0.999) from
    the gradients' unit; a weight is never below 0.001 before it is scaled, so that none turns negative; L_i(0) is
    measured for every kind of task. Where tasks are absent the others' weights are scaled to add up to their number,
    and keep their total in memory.

    Args:
        alpha: α, the strength of the pull towards equal training rates; 0 makes all gradient norms equal.
        step_size: step size of the weights.
    """

    weighs_everything = True

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        alpha: Annotated[float, Uniform(0.0, 3.0), Domain(least=0)] = 1.5,
        step_size: Annotated[float, LogUniform(1e-3, 1e-1), Domain(least=0)] = 2.5e-2,
    ) -> None:
        super().__init__(tasks)
        self.alpha, self.step_size = alpha, step_size

    def start(self, replicas: int, shared: int = 0) -> State:
        shape = replicas, len(self.tasks)
        return {"weights": torch.ones(shape), "initial_loss": torch.zeros(shape)} | adam.start(*shape)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        number = step.num_present.to(step.losses)
        old = torch.where(step.present, step.state["weights"], 0.0)
        total = old.sum(dim=1, keepdim=True)
        weights = old * number / torch.where(total == 0, 1.0, total)
        initial = torch.where(step.state["updates"] == 0, step.losses, step.state["initial_loss"])
        slope = self._slope(step, weights, self._relative_rates(step, initial))
        moved = (weights - adam.step(step.state, slope, step.present, self.step_size)).clamp(min=_LEAST)
        scaled = moved * total / torch.where(step.present, moved, 0.0).sum(dim=1, keepdim=True)
        remember(step.state, step.present, weights=scaled, initial_loss=initial)
        return weights

    def _relative_rates(self, step: GramianStep, initial: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        """Return ρ^α, computed by logarithms."""
        log_rate = step.losses.clamp(min=FLOOR).log() - initial.clamp(min=FLOOR).log()
        log_rate = torch.where(step.present, log_rate, -torch.inf)
        log_mean = log_rate.logsumexp(dim=1, keepdim=True) - step.num_present.to(step.losses).log()
        return (self.alpha * (log_rate - log_mean)).exp()

    def _slope(
        self, step: GramianStep, weights: Float[Tensor, "r t"], rates: Float[Tensor, "r t"]
    ) -> Float[Tensor, "r t"]:
        """Return the slope of the objective in the weights, in units of the mean norm n̄."""
        norms = step.gramian.diagonal(dim1=1, dim2=2).sqrt()
        weighted = weights * norms
        mean = weighted.sum(dim=1, keepdim=True) / step.num_present.to(step.losses)
        return (weighted - mean * rates).sign() * norms / torch.where(mean == 0, 1.0, mean)
