"""CR-MOGM: the weights of another method, averaged over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.data.task import Task
from mtl_core.registry import entries, options_of
from mtl_core.search_space import Domain, Uniform
from mtl_core.weighting import GramianStep, GramianWeighting, LossWeighting, State, remember


class CRMOGM(GramianWeighting):
    """The weights of another method are averaged over steps, so that the noise of a batch moves them less.

    λ_t = α λ_(t−1) + (1 − α) λ̂_t, where λ̂_t are the weights that the method ``around`` gives in step t, and λ_0 = λ̂_1.
    α = 0 is that method itself.

    Source: S. Zhou, W. Zhang, J. Jiang, W. Zhong, J. Gu & W. Zhu, "On the convergence of stochastic multi-objective
    gradient manipulation and beyond", NeurIPS 2022 (correlation-reduced stochastic multi-objective gradient
    manipulation).

    Differs from the paper: α is constant, where the paper's theory lets it approach 1 as the learning rate falls; a
    task that was never present begins with its first weight, and an absent one keeps its average; the method inside may
    be one that weighs losses, and then a step needs no task gradients, nor tasks that share anything.  Methods that
    combine gradients otherwise than by weights, and famo, which looks at each step's outcome, cannot stand inside.

    Args:
        smoothing: α, the share of the last step's weights.
        around: name of the method whose weights are averaged, one that weighs losses or reads a Gramian.
        options: options of that method, whose own hyperparameters are not tuned but keep their defaults.
    """

    solves_on_host = True  # as the method around which it is by default; each has its own answer

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        smoothing: Annotated[float, Uniform(0.0, 0.99), Domain(least=0, below=1)] = 0.9,
        around: str = "mgda",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(tasks)
        method = _inside(around, options or {})
        self.smoothing, self.inner = smoothing, method(tasks, **(options or {}))
        self.needs, self.named_tasks = self.inner.needs, self.inner.named_tasks
        self.weighs_everything = getattr(self.inner, "weighs_everything", True)
        self.max_norm, self.solves_on_host = self.inner.max_norm, self.inner.solves_on_host

    @classmethod
    def consulted(cls, options: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        return options.get("around", "mgda"), options.get("options") or {}

    def start(self, replicas: int, shared: int = 0) -> State:
        own = {name: torch.zeros(replicas, len(self.tasks)) for name in ("averaged", "averages")}
        return own | self.inner.start(replicas, shared)

    def after_epoch(self, losses: Float[Tensor, "r t"], seen: Bool[Tensor, "r t"], state: State) -> None:
        self.inner.after_epoch(losses, seen, state)

    def weigh(self, step: GramianStep) -> Float[Tensor, "r t"]:
        newest = self.inner.weigh(step)
        averaged, averages = step.state["averaged"], step.state["averages"]
        moved = torch.where(averages == 0, newest, self.smoothing * averaged + (1 - self.smoothing) * newest)
        remember(step.state, step.present, averaged=moved, averages=averages + 1)
        return torch.where(step.present, step.state["averaged"], 0.0).to(newest)


def _inside(around: str, options: Mapping[str, Any]) -> type[LossWeighting | GramianWeighting]:
    """The class of the method whose weights are averaged.

    Raises:
        ValueError: when there is no such method, it cannot stand inside, or it lacks one of the options.
    """
    able = [name for name, entry in entries("weighting").items() if _weighs_in_a_step(entry.cls)]
    if around not in able:
        found = f"found around={around!r}, which is none of {', '.join(able)}."
        raise ValueError(f"cr_mogm averages the weights of methods that have any in a step; {found}")
    method = entries("weighting")[around].cls
    if unknown := [name for name in options if name not in options_of(method)]:
        known = ", ".join(options_of(method)) or "none"
        raise ValueError(f"cr_mogm consults {around}, which has no option {unknown[0]!r}; it has {known}.")
    return method


def _weighs_in_a_step(method: type) -> bool:
    weighs = issubclass(method, LossWeighting | GramianWeighting) and method is not CRMOGM
    return weighs and not getattr(method, "observes_step", False)
