"""Soft parameter sharing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Slot, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import LogUniform
from mtl_core.sharing import Chain, Sharing


class Soft(Sharing):
    """Every task has a network; an L2 penalty pulls the parameters of the first stages together.

    The objective has the penalty λ Σ_{i<j} ‖θ_i − θ_j‖² over the tasks' copies θ_i of stages 1 … k = ``depth``; later
    stages and heads are free.  After every step of the optimiser at learning rate η a proximal step is taken,

        θ_i ← m + (θ_i − m) / (1 + 2 η λ T),   m = (1/T) Σ_j θ_j,

    which minimises the penalty plus ‖θ − θ_now‖²/(2η).  The copy of a task that was absent stays as it is, and still
    counts in m.  λ = 0 is ``independent``; λ → ∞ is ``hard`` with its trunk trained at η/T.

    Source: L. Duong, T. Cohn, S. Bird & P. Cook, "Low resource dependency parsing: cross-lingual parameter sharing in a
    neural network parser", ACL 2015; CS330 (Stanford), "Multi-task learning basics", for T tasks.

    Differs from the paper: a proximal step instead of the penalty's gradient, which oscillates or explodes once
    2 η λ T exceeds 2; with an adaptive optimiser the step is still taken in the plain metric.

    Args:
        coupling: strength λ of the penalty.
    """

    acts_after_step = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        coupling: Annotated[float, LogUniform(1e-4, 10.0)] = 0.1,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.coupling = coupling
        self.coupled = Chain(backbone, range(depth), private(tasks))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (self.coupled, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        return self.coupled(theta, self.backbone.enter(x), context)

    def after_step(
        self,
        theta: Theta,
        heads: Sequence[Slot],
        rates: Float[Tensor, " r"],
        present: Bool[Tensor, "r t"],
        context: ForwardContext,
    ) -> None:
        present = present.unsqueeze(2)
        for slot in self.coupled.slots:
            if not slot.trained:
                continue
            copies = theta[slot].flatten(2)
            rate = rates.to(copies).view(-1, 1, 1)
            stiffness = 2 * rate * self.option("coupling", context, 3) * len(self.tasks)
            # in this form λ = 0 leaves every bit alone
            stepped = copies + stiffness / (1 + stiffness) * (copies.mean(dim=1, keepdim=True) - copies)
            copies.copy_(torch.where(present, stepped, copies))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        coupling = recipe.sharing_options.get("coupling", 0.0)
        if coupling < 0:
            return f"coupling must not be negative, found {coupling}"
        return super().why_infeasible(recipe, development)
