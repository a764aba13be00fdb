"""UW-SO: soft optimal uncertainty weighting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, Step, softmax


class UWSO(LossWeighting):
    """Weights are a softmax of the inverse losses: the optimum of uncertainty weighting, tempered.

    w = softmax(1 / (temperature · L)) over the tasks, where the losses L are constants.  Uncertainty weighting has its
    optimum at w_i ∝ 1/L_i; the softmax bounds what a small loss can take, and a large temperature makes it ``equal``.

    Source: L. Kirchdorfer, C. Elich, S. Kutsche, H. Stuckenschmidt, L. Schott & J. M. Köhler, "Analytical
    uncertainty-based loss weighting in multi-task learning", GCPR 2024.

    Differs from the paper: nothing; it tunes the temperature anew for every data set and has no default, which is 10
    here: at 1 the smallest of losses around 0.1 takes almost all the weight.  A loss counts for 1e-12 at least; the
    softmax is over the tasks that are present in the batch.

    Args:
        temperature: of the softmax; a small one gives all weight to the smallest loss, a large one equal weights.
    """

    def __init__(
        self, tasks: Sequence[Task], *, temperature: Annotated[float, LogUniform(1.0, 100.0), Domain(above=0)] = 10.0
    ) -> None:
        super().__init__(tasks)
        self.temperature = temperature

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        return softmax(1 / (self.temperature * step.losses.clamp(min=FLOOR)), step.present)
