"""GO4Align: group optimisation for multi-task alignment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step, remember
from mtl_core.weighting.solvers.clusters import group_means


class GO4Align(LossWeighting):
    """Tasks are grouped by the weights that would align their losses, and a group shares its mean weight.

    p_i ← p_i exp(−η L_i) / Z, a memory of the risks so far, where Z makes p add up to one; γ_i = p_i Σ_j L_j / L_i; the
    tasks are divided into K groups by the values of γ, with the least sum of squares within, and w_i is the mean of γ
    over the group of task i.  K = 1 is equal weights, K = T lets each task have its own.

    Source: J. Shen, C. Wang, Z. Xiao, N. van Noord & M. Worring, "GO4Align: group optimization for multi-task
    alignment", NeurIPS 2024, and the authors' code.

    Differs from the paper: groups are the best ones, found exactly, where the authors' k-means starts at random;
    p and Z are over the tasks that are present in the batch; a loss counts for 1e-12 at least where it is divided by.

    Args:
        step_size: η, the step size of the memory p.
        groups: K, the number of groups, 2 in the authors' smaller experiments.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        step_size: Annotated[float, LogUniform(1e-5, 1e-1), Domain(least=0)] = 1e-4,
        groups: Annotated[int, Domain(least=1)] = 2,
    ) -> None:
        super().__init__(tasks)
        self.step_size, self.groups = step_size, groups

    def start(self, replicas: int, shared: int = 0) -> State:
        return {"log_share": torch.full((replicas, len(self.tasks)), -math.log(len(self.tasks)))}

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        shares = torch.where(step.present, step.state["log_share"], -torch.inf)
        together = shares.logsumexp(dim=1, keepdim=True)
        moved = (shares - self.step_size * step.losses).log_softmax(dim=1)
        remember(step.state, step.present, log_share=moved + together)
        total = step.losses.sum(dim=1, keepdim=True).clamp(min=FLOOR)  # absent tasks' losses are 0
        aligning = torch.exp(moved + total.log() - step.losses.clamp(min=FLOOR).log())
        return group_means(torch.where(step.present, aligning, 0.0), step.present, self.groups)
