"""Fixed weights, tuned like any other hyperparameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
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

    Raises:
        ValueError: if ``weights`` are not as many numbers from 0 up as there are tasks, which add up to 1.
    """

    def __init__(self, tasks: Sequence[Task], *, weights: Annotated[Any, Simplex()] = None) -> None:
        super().__init__(tasks)
        number = len(self.tasks)
        if weights is None:
            weights = [1 / number] * number
        if not isinstance(weights, Tensor):  # the weights of replicas arrive as the rows of a tensor
            numbers = isinstance(weights, Sequence) and all(type(weight) in (int, float) for weight in weights)
            if not numbers or len(weights) != number or not Simplex(number).holds(weights):
                wanted = f"{number} weights from 0 up that add up to 1, one for each task"
                raise ValueError(f"fixed takes {wanted}; found weights={weights!r}.")
        self._weights = FixedTensor(weights)

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        return step.losses.new_ones(step.losses.shape) * self._weights.like(step.losses) * len(self.tasks)
