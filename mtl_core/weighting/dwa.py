"""DWA: dynamic weight average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step, remember, softmax

_LARGEST = 1e30


class DWA(LossWeighting):
    """Weights grow with the ratio of a task's losses in the last two epochs: slow tasks weigh most.

    w_i = T softmax_i(ρ / τ) with ρ_i = L_i^{e−1} / L_i^{e−2}, the rate at which the loss of task i changes.  L_i^e is
    the mean training loss of task i in epoch e, T the number of tasks and τ the temperature.  In the first two epochs
    ρ_i = 1, hence w_i = 1.

    Source: S. Liu, E. Johns & A. J. Davison, "End-to-end multi-task learning with attention", CVPR 2019.

    Differs from the paper: softmax and T are over the tasks that are present in the batch, and the epochs of a task are
    those in which it was.

    Args:
        temperature: τ, the temperature of the softmax; a large one gives equal weights.
    """

    def __init__(
        self, tasks: Sequence[Task], *, temperature: Annotated[float, LogUniform(0.5, 8.0), Domain(above=0)] = 2.0
    ) -> None:
        super().__init__(tasks)
        self.temperature = temperature

    def start(self, replicas: int, shared: int = 0) -> State:
        return {name: torch.zeros(replicas, len(self.tasks)) for name in ("last", "before", "epochs")}

    def after_epoch(self, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
        remember(state, seen, before=state["last"], last=losses, epochs=state["epochs"] + 1)

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        rate = (step.state["last"] / step.state["before"].clamp(min=FLOOR)).clamp(max=_LARGEST)
        rate = torch.where(step.state["epochs"] >= 2, rate, 1.0)
        return step.num_present * softmax(rate / self.temperature, step.present)
