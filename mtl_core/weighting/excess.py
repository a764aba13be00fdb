"""ExcessMTL: weights by estimated excess risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import JacobianStep, JacobianWeighting, State

_LEAST = 1e-18
"""Smallest root of accumulated squares; squares of smaller numbers underflow in single precision."""
_MOST = 1e6
"""Largest ratio of an excess risk to its first estimate that counts."""


class Excess(JacobianWeighting):
    """Weights grow exponentially with the tasks' excess risks, estimated from their gradients.

    E_i = Σ_p g_ip² / √S_ip estimates the excess risk of task i, that is, g_iᵀ H_i⁻¹ g_i with the Hessian H_i
    approximated by the root of S_i, the sum of all squared gradients of task i so far; p are the shared parameters.
    α_i ← α_i exp(η E_i / E_i(0)) / Z, where E_i(0) is the first estimate and Z makes Σ_i α_i = 1.  The direction is
    Σ_i α_i g_i.

    Source: Y. He, S. Zhou, G. Zhang, H. Yun, Y. Xu, B. Zeng, T. Chilimbi & H. Zhao, "Robust multi-task learning with
    excess risks", ICML 2024.

    Differs from the paper: E_i(0) is a task's first estimate, as in the authors' code, where the paper averages over
    three epochs of warming up; nothing is added to S, so that E/E(0) is free of the gradients' unit; the ratio counts
    for at most 10⁶; the weights act on the shared parameters alone.

    Args:
        step_size: η, the step size of the weights.
    """

    def __init__(
        self, tasks: Sequence[Task], *, step_size: Annotated[float, LogUniform(1e-4, 1.0), Domain(least=0)] = 1e-2
    ) -> None:
        super().__init__(tasks)
        self.step_size = step_size

    def start(self, replicas: int, shared: int = 0) -> State:
        zeros = {name: torch.zeros(replicas, len(self.tasks)) for name in ("log_weight", "first_excess")}
        return zeros | {"squares": torch.zeros(replicas, len(self.tasks), shared)}

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        gradients, old, first = step.jacobians[0], step.state["log_weight"], step.state["first_excess"]
        root = step.state["squares"].addcmul_(gradients, gradients).sqrt().clamp_(min=_LEAST)
        excess = torch.div(gradients, root, out=root).mul_(gradients).sum(dim=2)
        ratio = torch.where(first == 0, 0.0, excess / torch.where(first == 0, 1.0, first)).clamp(max=_MOST)
        first.copy_(torch.where(step.present & (first == 0), excess, first))
        # the present tasks' weights keep their total, for the absent ones keep theirs
        before, moved = (torch.where(step.present, value, -torch.inf) for value in (old, old + self.step_size * ratio))
        moved = moved - moved.logsumexp(dim=1, keepdim=True)
        old.copy_(torch.where(step.present, moved + before.logsumexp(dim=1, keepdim=True), old))
        weights = torch.where(step.present, moved.exp(), 0.0)
        return torch.bmm(weights.unsqueeze(1), gradients).squeeze(1)
