"""Hard sharing with a prior on the tasks' own layers whose task covariance is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Slot, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.sum_of_parts import sum_of_parts
from mtl_core.recipe import Recipe
from mtl_core.search_space import LogUniform
from mtl_core.sharing import Chain, Sharing


class Relationship(Sharing):
    """Hard sharing whose private layers have a matrix-normal prior with a learned covariance between the tasks.

    The first k = ``depth`` stages are shared.  The weights of each later layer, heads included, make a matrix W [t, p],
    a row of p numbers for each of T tasks, with the prior MN(0, Ω, I): the objective gets

        (ρ/2) Σ_layers tr(Wᵀ Ω⁻¹ W),   and after every step   Ω ← (1 − ε) T · W Wᵀ / tr(W Wᵀ) + ε I,

    the prior's maximum likelihood estimate W Wᵀ/p, scaled to trace T and kept invertible.  No gradient passes through
    Ω, which starts at I.  Biases and norms are free.

    Source: M. Long, Z. Cao, J. Wang & P. Yu, "Learning multiple tasks with multilinear relationship networks", NeurIPS
    2017 (M. Long & J. Wang, "Learning multiple tasks with deep relationship networks", arXiv:1506.02117, 2015): the
    tensor normal prior and its flip-flop updates.

    Differs from the paper: its prior has covariances of a layer's inputs and outputs too, updated in turn; here they
    are I.  It takes the estimate W Wᵀ/p + ε I as it is, which shrinks with W, so that the penalty's pull would grow as
    it succeeds; scaled to trace T, ρ means the same in every layer and at every moment.

    Args:
        relationship_strength: strength ρ of the penalty.
        learn_covariance: whether Ω is updated; otherwise it stays I, and the penalty is an L2 penalty.
        covariance_ridge: smallest eigenvalue ε that Ω may have, in (0, 1].
    """

    acts_after_step = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        relationship_strength: Annotated[float, LogUniform(1e-5, 1e-1)] = 1e-3,
        learn_covariance: bool = True,
        covariance_ridge: float = 0.01,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.relationship_strength, self.learn_covariance = relationship_strength, learn_covariance
        self.covariance_ridge = covariance_ridge
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self._matrices = _matrices(self.towers.slots)
        layers = [slot.name for slot in self._matrices] + ["head"]
        self.covariances = _Covariances(layers, len(self.tasks))
        self.parts = (self.trunk, self.towers, self.covariances)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        if context.training:
            own = {slot for part in self.parts for slot in part.slots}
            context.penalties.append(self._penalty(theta, [slot for slot in theta if slot not in own], context))
        return self.trunk(theta, self.backbone.enter(x), context)

    def apart(self, signals: int) -> bool:
        return self.trunk.stateless and signals > 1

    def after_step(
        self,
        theta: Theta,
        heads: Sequence[Slot],
        rates: Float[Tensor, " r"],
        present: Bool[Tensor, "r t"],
        context: ForwardContext,
    ) -> None:
        if not self.learn_covariance:
            return
        ridge, eye = self.covariance_ridge, torch.eye(len(self.tasks), dtype=torch.float64, device=present.device)
        for weight, covariance in self._layers(heads):
            gram = _gram(theta[weight].double())
            trace = gram.diagonal(dim1=1, dim2=2).sum(dim=1).view(-1, 1, 1)
            estimate = gram * (len(self.tasks) / trace.clamp(min=1e-30))
            theta[covariance].copy_(((1 - ridge) * estimate + ridge * eye).unsqueeze(1))

    def _penalty(self, theta: Theta, heads: Sequence[Slot], context: ForwardContext) -> Float[Tensor, " r"]:
        energies = []
        for weight, covariance in self._layers(heads):
            # a diverged row is NaN, for which inv would raise for the whole array
            precision = torch.linalg.inv_ex(theta[covariance][:, 0].double()).inverse.to(theta[weight])
            energies.append((precision * _gram(theta[weight])).sum(dim=(1, 2)))
        return 0.5 * self.option("relationship_strength", context, 1) * sum_of_parts(energies)

    def _layers(self, heads: Sequence[Slot]) -> list[tuple[Slot, Slot]]:
        """Weights and covariance of every private layer."""
        return list(zip((*self._matrices, *_matrices(heads)), self.covariances.slots, strict=True))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        if recipe.depth == 0:
            return "no shared stage for the tasks' related layers to stand on"
        heads = {task.name: (task.kind, task.num_outputs) for task in development.tasks}
        first = development.tasks[0].name
        for name, head in heads.items():
            if head != heads[first]:
                return f"heads must be of one shape to have a covariance, and those of {first!r} and {name!r} are not"
        ridge = recipe.sharing_options.get("covariance_ridge", 0.01)
        if not 0 < ridge <= 1:
            return f"covariance_ridge must lie in (0, 1], found {ridge}"
        return super().why_infeasible(recipe, development)


class _Covariances:
    """The buffer Ω of every private layer, ``[t, t]``."""

    def __init__(self, layers: Sequence[str], tasks: int) -> None:
        def identity(generator: Generator) -> Tensor:
            return torch.eye(tasks)

        self.slots = tuple(
            Slot(f"{layer}.covariance", (SHARED,), (tasks, tasks), identity, trained=False) for layer in layers
        )


def _matrices(slots: Sequence[Slot]) -> list[Slot]:
    """The weights among parameters: biases and norms have one dimension."""
    return [slot for slot in slots if slot.trained and len(slot.shape) > 1]


def _gram(weight: Float[Tensor, "r t *p"]) -> Float[Tensor, "r t t"]:
    rows = weight.flatten(2)
    return rows.bmm(rows.transpose(1, 2))
