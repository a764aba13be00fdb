"""Minimax weighting: the worst mixture of the tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.fixed_tensor import FixedTensor
from mtl_core.search_space import Domain, LogUniform
from mtl_core.weighting import FLOOR, LossWeighting, State, Step, remember, softmax

On = Literal["raw", "relative", "excess"]
_LARGEST = 1e30
_SMALLEST_SHARE = math.log(1e-6)


class WorstCase(LossWeighting):
    """The worst mixture of the tasks is minimised: a task's weight grows exponentially with its loss.

    min_θ max_q Σ_i q_i ℓ_i over q on the simplex, by exponentiated gradient: q_i ← q_i exp(η ℓ_i) / Z, then w = q.  η
    is the step size, Z makes q add up to one, and ℓ_i is

    - ``raw``: the loss L_i;
    - ``relative``: L_i / L_i^0, with L_i^0 the first loss of the task that was seen;
    - ``excess``: L_i − b_i, with b_i the baseline, or the smallest loss so far where none is given.

    Source: S. Sagawa, P. W. Koh, T. B. Hashimoto & P. Liang, "Distributionally robust neural networks for group
    shifts", ICLR 2020, the online algorithm; CS330 (Stanford), "Multi-task learning basics", the minimax objective.

    Differs from the paper: every present task moves in a step, not one group that was drawn; the present tasks share
    among them what they had, so that an absent one keeps its q_i; no share falls below 1e-6, so that one extreme
    loss cannot exclude the other tasks for good; the paper's losses are raw.

    Args:
        step_size: η, the step size of the weights.
        on: what is compared between tasks: ``raw``, ``relative`` or ``excess`` losses.
        baseline: b_i by task name, such as the losses of single-task networks; only for ``excess``.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        step_size: Annotated[float, LogUniform(1e-3, 1.0), Domain(least=0)] = 1e-2,
        on: On = "raw",
        baseline: Annotated[Mapping[str, float] | None, Domain()] = None,
    ) -> None:
        super().__init__(tasks)
        if on not in get_args(On):
            raise ValueError(f"worst_case compares {', '.join(get_args(On))} losses; found on={on!r}.")
        if baseline is not None and on != "excess":
            raise ValueError(f"A baseline belongs to on='excess'; found on={on!r}.")
        missing = [task.name for task in tasks if baseline is not None and task.name not in baseline]
        if missing:
            raise ValueError(f"The baseline lacks the tasks {', '.join(missing)}.")
        self.step_size, self.on, self.named_tasks = step_size, on, frozenset(baseline or ())
        self._baseline = None if baseline is None else FixedTensor([float(baseline[task.name]) for task in tasks])

    def start(self, replicas: int, shared: int = 0) -> State:
        tasks = len(self.tasks)
        state = {"log_share": torch.full((replicas, tasks), -math.log(tasks))}
        if self.on == "raw" or self._baseline is not None:
            return state
        return state | {"reference": torch.zeros(replicas, tasks), "seen": torch.zeros(replicas, tasks)}

    def weigh(self, step: Step) -> Float[Tensor, "r t"]:
        shares = torch.where(step.present, step.state["log_share"], -torch.inf)
        together = shares.logsumexp(dim=1, keepdim=True)
        moved = (shares + self.step_size * self._compared(step)).log_softmax(dim=1)
        moved = moved.clamp(min=_SMALLEST_SHARE)
        moved = torch.where(step.present, moved, -torch.inf).log_softmax(dim=1)
        remember(step.state, step.present, log_share=moved + together)
        return softmax(step.state["log_share"], step.present)

    def _compared(self, step: Step) -> Float[Tensor, "r t"]:
        """Return ℓ, after the state was updated with the step's losses."""
        losses, state = step.losses, step.state
        if self.on == "raw":
            return losses
        if self._baseline is not None:
            return losses - self._baseline.like(losses)
        smallest_or_first = torch.minimum(state["reference"], losses) if self.on == "excess" else state["reference"]
        reference = torch.where(state["seen"] > 0, smallest_or_first, losses)
        remember(state, step.present, reference=reference, seen=torch.ones_like(losses))
        if self.on == "excess":
            return losses - reference
        return (losses / reference.clamp(min=FLOOR)).clamp(max=_LARGEST)
