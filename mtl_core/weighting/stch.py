"""STCH: smooth Tchebycheff scalarisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step, remember, softmax

On = Literal["log", "raw"]


class STCH(LossWeighting):
    """A smooth approximation of the largest loss is minimised, in which every task has a share.

    With z_i the smallest loss that can be hoped for (the ideal point), the objective is

    - ``raw``: μ log Σ_i exp(λ_i (L_i − z_i) / μ), with preferences λ_i that add up to 1, hence
      w_i = λ_i softmax_i(λ (L − z) / μ): the paper's definition;
    - ``log``: T μ log Σ_i exp(λ_i f_i / μ) with f_i = log((L_i − z_i) / (n_i − z_i)) and preferences around 1, where
      n_i is the mean loss of task i in the last epoch of the warm-up and T the number of tasks, hence
      w_i = T λ_i softmax_i(λ f / μ) / (L_i − z_i): the authors' code for networks, and the default.  Before the end of
      the warm-up the objective is Σ_i λ_i log(L_i − z_i).

    A small μ makes it the largest of λ_i f_i, a large one their mean.  For equal preferences, μ of ``log`` is T times
    the μ of ``raw``, because its λ_i are T times as large.

    Source: X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang & Q. Zhang, "Smooth Tchebycheff scalarization for multi-objective
    optimization", ICML 2024, the definition of STCH for ``raw``; the authors' code for ``log``.

    Differs from the paper: the warm-up lasts one epoch by default, where the authors' code takes some five of hundreds;
    a task that has not ended it has f_i = 0, which among such tasks is the warm-up's objective; softmax, T and the sum
    of the λ_i are over the tasks that are present in the batch; L_i − z_i counts for 1e-12 at least in ``log``.

    Args:
        smoothing: μ, the smoothing; small values minimise the largest loss, large ones the mean.
        on: ``raw`` losses, or ``log`` for logarithms of the losses relative to those of the warm-up.
        warm_up: number of epochs after which n_i is fixed, for ``log``.
        preference: the preference for a task, by its name, 1 where it is not given: λ_i itself in ``log``, divided by
            the sum over the tasks in ``raw``.
        ideal: z_i, the smallest loss to be hoped for, by task name; 0 where it is not given.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        smoothing: Annotated[float, LogUniform(0.1, 10.0), Domain(above=0)] = 1.0,
        on: On = "log",
        warm_up: Annotated[int, Domain(least=1)] = 1,
        preference: Annotated[Mapping[str, float] | None, Domain(above=0)] = None,
        ideal: Annotated[Mapping[str, float] | None, Domain()] = None,
    ) -> None:
        super().__init__(tasks)
        if on not in get_args(On):
            raise ValueError(f"stch takes {' or '.join(get_args(On))} losses; found on={on!r}.")
        self.smoothing, self.on, self.warm_up = smoothing, on, warm_up
        self.named_tasks = frozenset([*(preference or ()), *(ideal or ())])
        self._preference = FixedTensor([float((preference or {}).get(task.name, 1.0)) for task in tasks])
        self._ideal = FixedTensor([float((ideal or {}).get(task.name, 0.0)) for task in tasks])

    def start(self, replicas: int, shared: int = 0) -> State:
        names = ("mean", "epochs") if self.on == "log" else ()
        return {name: torch.zeros(replicas, len(self.tasks)) for name in names}

    def after_epoch(self, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
        if self.on == "log":
            epochs = state["epochs"] + 1
            mean = torch.where(epochs == self.warm_up, losses, state["mean"])
            remember(state, seen, mean=mean, epochs=epochs)

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        preference, ideal = self._preference.like(step.losses), self._ideal.like(step.losses)
        if self.on == "raw":
            preference = preference / (preference * step.present).sum(dim=1, keepdim=True).clamp(min=FLOOR)
            return preference * softmax(preference * (step.losses - ideal) / self.smoothing, step.present)
        left, of = (loss - ideal for loss in (step.losses, step.state["mean"]))
        left, of = left.clamp(min=FLOOR), of.clamp(min=FLOOR)
        values = torch.where(step.state["epochs"] >= self.warm_up, left.log() - of.log(), 0.0)
        return step.num_present * softmax(preference * values / self.smoothing, step.present) * preference / left
