"""SDMGrad: direction-oriented multi-objective gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import LogUniform
from mtl_core.weighting import JacobianStep, JacobianWeighting, State
from mtl_core.weighting.solvers.cross_gramian import combined_gradient, updated_weights


class SDMGrad(JacobianWeighting):
    """Weights step towards the shortest combination of the gradients, regularised towards their mean.

    w ← Π(w − γ A (w + λ 1/T)), where A = J₁ J₂ᵀ / s is made of the task gradients J₁ and J₂ on two independent batches,
    so that A 1/T is J₁ g₀ / s with g₀ the mean gradient; Π projects on the simplex and s is the mean over the tasks of
    the product of the two gradients' norms.  The direction is ½ (J₁ + J₂)ᵀ (w + λ 1/T) / (1 + λ).  Hence the combined
    weights take ``modo``'s steps, but never come closer to 0 than λ / (T (1 + λ)).

    Source: P. Xiao, H. Ban & K. Ji, "Direction-oriented multi-objective learning: simple and provable stochastic
    algorithms", NeurIPS 2023, algorithm 1.

    Differs from the paper: one step on w for one on the parameters; the direction is taken on the mean of the two
    batches, where the paper draws a third; s in place of the authors' square of the mean root of the diagonal of
    J₁ J₂ᵀ, which noise can make negative; 1 + λ, as in their code, keeps the total weight at 1.

    Args:
        step_size: γ, the step size of the weights.
        attraction: λ, the strength of the pull towards the mean; 0 is ``modo``, infinity is ``equal``.
    """

    batches = 2

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        step_size: Annotated[float, LogUniform(1e-3, 1.0)] = 0.1,
        attraction: Annotated[float, LogUniform(0.03, 10.0)] = 0.3,
    ) -> None:
        super().__init__(tasks)
        self.step_size, self.attraction = step_size, attraction

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"weights": torch.full((replicas, len(self.tasks)), 1 / len(self.tasks))}

    def combine(self, step: JacobianStep) -> Float[Tensor, "r p"]:
        pull = self.attraction * step.present / step.num_present
        weights = updated_weights(step.state["weights"], step.jacobians, step.present, self.step_size, pull)
        return combined_gradient(step.jacobians, (weights + pull) / (1 + self.attraction))
