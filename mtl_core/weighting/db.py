"""DB-MTL: dual balancing of losses and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, Uniform
from mtl_core.weighting import JacobianStep, JacobianWeighting, State

_EPSILON = 1e-8
_MOST = 1e30
"""Largest factor by which a gradient is scaled up."""


class DB(JacobianWeighting):
    """Losses are balanced by their logarithms, and averaged gradients by scaling each to the largest of their norms.

    ĝ_i ← β ĝ_i + (1−β) g_i / (L_i + ε), the moving average of the gradient of log(L_i + ε) on the shared parameters,
    with g_i the gradient of the loss L_i and ε = 10⁻⁸.  The direction is max_j ‖ĝ_j‖ · Σ_i ĝ_i / ‖ĝ_i‖; private
    parameters follow the gradient of log(L_i + ε).

    Source: B. Lin, W. Jiang, F. Ye, Y. Zhang, P. Chen, Y.-C. Chen, S. Liu, I. W. Tsang & J. T. Kwok, "Dual-balancing
    for multi-task learning", arXiv:2308.12029, 2023.

    Differs from the paper: ĝ begins at the first gradient, not at 0; β is constant, where the authors' code can let it
    decay.

    Args:
        beta: β, the share of the past in the moving average; 0 uses the newest gradient alone.
    """

    def __init__(
        self, tasks: Sequence[Task], *, beta: Annotated[float, Uniform(0.0, 0.99), Domain(least=0, below=1)] = 0.9
    ) -> None:
        super().__init__(tasks)
        self.beta = beta

    def start(self, replicas: int, shared: int = 0) -> State:
        return {
            "updates": torch.zeros(replicas, len(self.tasks)),
            "average": torch.zeros(replicas, len(self.tasks), shared),
        }

    def own_factors(self, losses: Float[Tensor, "r t"]) -> Float[Tensor, "r t"]:
        return 1 / (losses + _EPSILON)

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        average, updates = step.state["average"], step.state["updates"]
        past = torch.where(updates == 0, 0.0, self.beta)
        new = torch.where(step.present, (1 - past) / (step.losses + _EPSILON), 0.0)
        average.mul_(torch.where(step.present, past, 1.0).unsqueeze(2)).addcmul_(step.jacobians[0], new.unsqueeze(2))
        updates.add_(step.present)
        # double, for a gradient over a vanishing loss has a square that single precision does not hold
        norms = torch.where(step.present, torch.linalg.vector_norm(average, dim=2, dtype=torch.float64), 0.0)
        weights = norms.amax(dim=1, keepdim=True) / torch.where(norms == 0, torch.inf, norms)
        return torch.bmm(weights.clamp(max=_MOST).to(average).unsqueeze(1), average).squeeze(1)
