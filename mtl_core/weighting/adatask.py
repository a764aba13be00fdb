"""AdaTask: a task's gradient is divided by moments of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain
from mtl_core.weighting import JacobianStep, JacobianWeighting, State

_EPSILON = 1e-8


class AdaTask(JacobianWeighting):
    """Adam keeps the moments of each task's gradient apart, so that no task sets the others' step size.

    m_i ← β₁ m_i + (1 − β₁) g_i and v_i ← β₂ v_i + (1 − β₂) g_i² for task i; the step on the shared parameters is
    η Σ_i m̂_i / (√v̂_i + ε), where m̂_i and v̂_i are the moments divided by 1 − βⁿ after n updates.  Private
    parameters are Adam's.  At the scale ``matched`` the step is the mean over the tasks instead of the sum, which for
    one task is plain Adam.

    Source: E. Yang, J. Pan, X. Wang, H. Yu, L. Shen, X. Chen, L. Xiao, J. Jiang & G. Guo, "AdaTask: a task-aware
    adaptive learning rate approach to multi-task learning", AAAI 2023.

    Differs from the paper: of its forms for AdaGrad, RMSProp and Adam this is Adam's, with AdamW's decay, which the
    authors' code leaves out; under an optimiser without second moments it is refused.  A task's moments count its own
    updates, and an absent task takes no step; an equal share of an architecture's penalty is added to each gradient.

    Args:
        beta1: β₁, the decay of the mean gradient.
        beta2: β₂, the decay of the mean squared gradient.
    """

    adaptive = True

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        beta1: Annotated[float, Domain(least=0, below=1)] = 0.9,
        beta2: Annotated[float, Domain(least=0, below=1)] = 0.999,
    ) -> None:
        super().__init__(tasks)
        self.beta1, self.beta2 = beta1, beta2

    def start(self, replicas: int, shared: int = 0) -> State:
        moments = {name: torch.zeros(replicas, len(self.tasks), shared) for name in ("first", "second")}
        return {"updates": torch.zeros(replicas, len(self.tasks))} | moments

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        gradients, state, present = step.jacobians[0], step.state, step.present.unsqueeze(2)
        state["first"].lerp_(gradients, torch.where(present, 1 - self.beta1, 0.0))
        state["second"].lerp_(gradients.square(), torch.where(present, 1 - self.beta2, 0.0))
        state["updates"].add_(step.present)
        updates = state["updates"].clamp(min=1)
        root = (state["second"] / _correction(self.beta2, updates).unsqueeze(2)).sqrt_().add_(_EPSILON)
        factors = torch.where(step.present, 1 / _correction(self.beta1, updates), 0.0)
        return torch.bmm(factors.unsqueeze(1), torch.div(state["first"], root, out=root)).squeeze(1)


def _correction(beta: float, updates: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
    """1 − βⁿ, what moments that began at 0 are divided by after n updates."""
    return -torch.expm1(updates * math.log(beta)) if beta > 0 else torch.ones_like(updates)
