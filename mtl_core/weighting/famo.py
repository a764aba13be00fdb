"""FAMO: fast adaptive multi-task optimisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step, remember, softmax
from mtl_core.weighting.solvers import adam


class FAMO(LossWeighting):
    """Weights are learnt from how much each step lowers each loss, so that all losses fall at the same rate.

    z = softmax(ξ), and the network minimises c Σ_i z_i log L_i with c = (Σ_i z_i / L_i)^{−1} held fixed; hence
    w_i = c z_i / L_i, which add up to one.  After the step θ → θ′, on the same batch,

        ξ ← Adam(ξ, δ + γ ξ),    δ = (∂z/∂ξ)ᵀ (log L(θ) − log L(θ′)),

    so that a task whose loss fell by more than the average (weighted with z) loses weight.  γ is the decay.  The
    Jacobian of softmax makes δ_i = z_i (d_i − Σ_j z_j d_j) for the vector d in brackets; no task gradient is needed.

    As in the authors' code, a step's gradient on the shared parameters is shortened to a norm of 1 if it is longer.

    Source: B. Liu, Y. Feng, P. Stone & Q. Liu, "FAMO: fast adaptive multitask optimization", NeurIPS 2023; Adam for
    ξ and the largest norm as in the authors' code.

    Differs from the paper: z is over the tasks that are present in the batch; a loss counts for 1e-12 at least, where
    the authors' code adds 1e-8; losses are taken as they are, for the smallest possible one is 0.

    Args:
        step_size: step size of the logits ξ.
        decay: γ, the decay of the logits, as an L2 penalty inside Adam.
        max_norm: largest norm of the gradient on the shared parameters, penalties included; ``None``: not shortened.
    """

    observes_step = True

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        step_size: Annotated[float, LogUniform(2.5e-3, 2.5e-1), Domain(least=0)] = 2.5e-2,
        decay: Annotated[float, LogUniform(1e-5, 1e-1), Domain(least=0)] = 1e-3,
        max_norm: Annotated[float | None, Domain(above=0)] = 1.0,
    ) -> None:
        super().__init__(tasks)
        self.step_size, self.decay, self.max_norm = step_size, decay, max_norm

    def start(self, replicas: int, shared: int = 0) -> State:
        tasks = len(self.tasks)
        own = {name: torch.zeros(replicas, tasks) for name in ("logit", "log_loss")}
        return own | adam.start(replicas, tasks)

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        log_loss = step.losses.clamp(min=FLOOR).log()
        remember(step.state, step.present, log_loss=log_loss)
        return softmax(step.state["logit"] - log_loss, step.present)

    def observe_step(self, step: Step) -> None:
        shares = softmax(step.state["logit"], step.present)
        fall = torch.where(step.present, step.state["log_loss"] - step.losses.clamp(min=FLOOR).log(), 0.0)
        change = shares * (fall - (shares * fall).sum(dim=1, keepdim=True))
        adam.descend(step.state, "logit", change + self.decay * step.state["logit"], step.present, self.step_size)
