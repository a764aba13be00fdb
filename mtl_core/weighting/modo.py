"""MoDo: multi-objective gradients with double sampling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import JacobianStep, JacobianWeighting, State
from mtl_core.weighting.solvers.cross_gramian import combined_gradient, updated_weights


class MoDo(JacobianWeighting):
    """Weights step towards the shortest combination, by gradients of two independent batches to avoid bias.

    λ ← Π(λ − γ A λ), where A = J₁ J₂ᵀ / s is made of the task gradients J₁ and J₂ on two independent batches, Π
    projects on the simplex and s is the mean over the tasks of the product of the two gradients' norms.
    The direction is ½ (J₁ + J₂)ᵀ λ.

    Source: L. Chen, H. Fernando, Y. Ying & T. Chen, "Three-way trade-off in multi-objective learning: optimization,
    generalization and conflict-avoidance", NeurIPS 2023 (JMLR 2024).

    Differs from the paper: dividing by s makes γ independent of the gradients' unit.  Private parameters take the mean
    of both batches' gradients, like the direction.  The authors' code adds 0.1 λ to A λ, and their direction is the
    sum over the batches; this follows the text.

    Args:
        step_size: γ, the step size of the weights.
    """

    batches = 2

    def __init__(
        self, tasks: Sequence[Task], *, step_size: Annotated[float, LogUniform(1e-3, 1.0), Domain(least=0)] = 0.1
    ) -> None:
        super().__init__(tasks)
        self.step_size = step_size

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"weights": torch.full((replicas, len(self.tasks)), 1 / len(self.tasks))}

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        weights = updated_weights(step.state["weights"], step.jacobians, step.present, self.step_size)
        return combined_gradient(step.jacobians, weights)
