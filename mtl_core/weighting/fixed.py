"""Fixed weights, tuned like any other hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Simplex
from mtl_core.weighting import LossWeighting, Step


class Fixed(LossWeighting):
    """Constant weights that are tuned: the strong simple baseline of adaptive methods.

    w = T · ω with ω on the simplex, so that ω = (1/T, …, 1/T) is ``equal``.

    Source: V. Kurin et al., "In defense of the unitary scalarization for deep multi-task learning", NeurIPS 2022;
    D. Xin et al., "Do current multi-task optimization methods in deep learning even help?", NeurIPS 2022.

    Differs from the papers: weights are drawn from Dirichlet(1, …, 1) rather than laid out on a grid.

    Args:
        weights: ω, one weight per task on the simplex; equal weights by default.
    """

    def __init__(self, tasks: Sequence[Task], *, weights: Annotated[Any, Simplex()] = None) -> None:
        super().__init__(tasks)
        self.weights = 1 / len(self.tasks) if weights is None else weights

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        return step.losses.new_ones(step.losses.shape) * self.weights * len(self.tasks)
