"""SDMGrad: direction-oriented multi-objective gradients."""

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


class SDMGrad(JacobianWeighting):
    """Weights step towards the shortest combination of the gradients, regularised towards their mean.

    v ← m v + A (w + λ 1/T) and w ← Π(w − γ v), S times from v = 0, where A = J₁ J₂ᵀ / s is made of the task gradients
    J₁ and J₂ on two independent batches, so that A 1/T is J₁ g₀ / s with g₀ the mean gradient; Π projects on the
    simplex and s is the mean over the tasks of the product of the two gradients' norms.  The direction is
    ½ (J₁ + J₂)ᵀ (w + λ 1/T) / (1 + λ), so the combined weights never come closer to 0 than λ / (T (1 + λ)).

    Source: P. Xiao, H. Ban & K. Ji, "Direction-oriented multi-objective learning: simple and provable stochastic
    algorithms", NeurIPS 2023, the algorithm with one loop over w inside each step, and the authors' code.

    Differs from the paper: S = 20 steps with momentum m = ½ on the same two batches, as in the authors' code, where the
    paper draws new batches for each and has no momentum; the direction is taken on the mean of the two batches, where
    the paper draws a third; 1 + λ keeps the total weight at 1, as in their code; private parameters take the mean of
    both batches' gradients.  Differs from their code: s in place of the squared mean root of the diagonal of J₁ J₂ᵀ,
    which noise can make negative; γ = 0.1, where γ = 10 on their scale makes w jump between the corners of the simplex.

    Args:
        step_size: γ, the step size of the weights.
        attraction: λ, the strength of the pull towards the mean; infinity is ``equal``.
        inner_steps: S, the number of steps on w for one on the parameters.
        momentum: m, the momentum of w among these steps, from 0 up and below 1.
    """

    batches = 2

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        step_size: Annotated[float, LogUniform(1e-3, 1.0), Domain(least=0)] = 0.1,
        attraction: Annotated[float, LogUniform(0.03, 10.0), Domain(least=0)] = 0.3,
        inner_steps: Annotated[int, Domain(least=1)] = 20,
        momentum: Annotated[float, Domain(least=0, below=1)] = 0.5,
    ) -> None:
        super().__init__(tasks)
        self.step_size, self.attraction = step_size, attraction
        self.inner_steps, self.momentum = inner_steps, momentum

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"weights": torch.full((replicas, len(self.tasks)), 1 / len(self.tasks))}

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        pull = self.attraction * step.present / step.num_present
        weights = updated_weights(
            step.state["weights"],
            step.jacobians,
            step.present,
            self.step_size,
            pull,
            steps=self.inner_steps,
            momentum=self.momentum,
        )
        return combined_gradient(step.jacobians, (weights + pull) / (1 + self.attraction))
