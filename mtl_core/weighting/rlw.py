"""RLW: random loss weighting."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.weighting import LossWeighting, Step, softmax


class RLW(LossWeighting):
    """Weights are drawn at random in every step: the baseline that a method has to beat.

    w = softmax(u) with u_i ~ N(0, 1), independent over tasks and steps; the mean of w_i is 1/T, with T the number of
    tasks.

    Source: B. Lin, F. Ye, Y. Zhang & I. W. Tsang, "Reasonable effectiveness of random weighting: a litmus test for
    multi-task learning", TMLR 2022, the variant with normally distributed noise.

    Differs from the paper: softmax is over the tasks that are present in the batch.
    """

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        noise = step.streams.normal([task.name for task in self.tasks])
        return softmax(noise.to(step.losses), step.present)
