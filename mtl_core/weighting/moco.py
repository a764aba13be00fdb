"""MoCo: multi-objective gradient correction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform, OnRequest, Uniform
from mtl_core.weighting import JacobianStep, JacobianWeighting, State
from mtl_core.weighting.solvers import simplex


class MoCo(JacobianWeighting):
    """Weights step towards the shortest combination of task gradients that are averaged over steps to remove noise.

    Y ← Y − β (Y − J), where J are the task gradients and Y what is tracked of them;
    λ ← Π(λ − γ (Y Yᵀ / s + ρ I) λ), where Π projects on the simplex and s is the mean of the diagonal of Y Yᵀ.
    The direction is Yᵀ λ.

    Source: H. Fernando, H. Shen, M. Liu, S. Chaudhury, K. Murugesan & T. Chen, "Mitigating gradient bias in
    multi-objective learning: a provably convergent approach", ICLR 2023.

    Differs from the paper: Y begins at the first gradient, not at 0; the new Y and λ are used at once; β, γ and ρ are
    constant; dividing by s makes γ and ρ independent of the gradients' unit.  The authors' code takes a softmax in
    place of the projection and divides gradients by their norms; this follows the text.

    Args:
        tracking: β, the share of the newest gradient in the average; 1 averages nothing.
        step_size: γ, the step size of the weights.
        regularisation: ρ, the pull towards equal weights.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        tracking: Annotated[float, LogUniform(1e-2, 1.0), Domain(above=0, most=1)] = 0.5,
        step_size: Annotated[float, LogUniform(1e-3, 1.0), Domain(least=0)] = 0.1,
        regularisation: Annotated[float, OnRequest(Uniform(0.0, 1.0)), Domain(least=0)] = 0.0,
    ) -> None:
        super().__init__(tasks)
        self.tracking, self.step_size, self.regularisation = tracking, step_size, regularisation

    def start(self, replicas: int, shared: int = 0) -> State:
        tasks = len(self.tasks)
        return {
            "weights": torch.full((replicas, tasks), 1 / tasks),
            "updates": torch.zeros(replicas, tasks),
            "tracked": torch.zeros(replicas, tasks, shared),
        }

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        tracked, updates = step.state["tracked"], step.state["updates"]
        share = torch.where(updates == 0, 1.0, self.tracking)
        tracked.lerp_(step.jacobians[0], torch.where(step.present, share, 0.0).unsqueeze(2))
        updates.add_(step.present)
        gramian = torch.bmm(tracked, tracked.mT)
        squares = torch.where(step.present, gramian.diagonal(dim1=1, dim2=2), 0.0).sum(dim=1, keepdim=True)
        mean_square = squares / step.num_present
        old, total = simplex.rescale(step.state["weights"], step.present)
        slope = torch.bmm(gramian, old.unsqueeze(2)).squeeze(2) / torch.where(mean_square == 0, 1.0, mean_square)
        weights = simplex.project(old - self.step_size * (slope + self.regularisation * old), step.present)
        step.state["weights"].copy_(torch.where(step.present, total * weights, step.state["weights"]))
        return torch.bmm(weights.unsqueeze(1), tracked).squeeze(1)
