"""Adaptive information transfer along a funnel of binary tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Copy, Slot, Theta, uniform
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.linear import Linear
from mtl_core.layers.rounded_products import product
from mtl_core.recipe import Recipe
from mtl_core.search_space import Uniform
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.funnel import in_chain, places_in, why_no_funnel


class AITM(Sharing):
    """A funnel (click, then buy): each task attends to its own features and to what the task before hands on.

    With q_i the output of task i's tower behind k = ``depth`` shared stages, z_1 = q_1 and
    z_i = Σ_u w_u V_i u over u ∈ {q_i, p_i}, where p_i = relu(G_i z_(i−1) + c_i) is what is handed on and
    w = softmax(⟨Q_i u, K_i u⟩/√d).  The head of task i reads z_i and gives s_i.  A penalty, α times the mean of
    max(σ(s_i) − σ(s_(i−1)), 0) summed over i, keeps a later task from being more probable than the one before.

    Source: D. Xi, Z. Chen, P. Yan, Y. Zhang, Y. Zhu, F. Zhuang & Y. Chen, "Modeling the sequential dependence among
    audience multi-step conversions with multi-task learning in targeted display advertising", KDD 2021.

    Differs from the paper: it shares whole stages and not embeddings alone; Q, K and V have no bias, as in the
    authors' code, and start like any layer; nothing is dropped from what is handed on.

    Args:
        chain: names of all tasks, first things first; by default in the order of the task set.
        calibration: α, the strength of the penalty; the authors' code has 0.6.
    """

    couples = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        chain: Sequence[str] | None = None,
        calibration: Annotated[float, Uniform(0.0, 1.0)] = 0.6,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.calibration, self._order = calibration, places_in(tasks, chain)
        own, features = in_chain(tasks, chain), backbone.num_features
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), own)
        self.transfers = [_Transfer(own[place], features) for place in self._order[1:]]
        self.parts = (self.trunk, self.towers, *self.transfers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r g b *f"]:
        return self.trunk(theta, self.backbone.enter(x), context)

    def finish(self, theta: Theta, z: Float[Tensor, "r c b *f"], context: ForwardContext) -> Float[Tensor, "r t b d"]:
        own = super().finish(theta, z, context).expand(-1, len(self.tasks), -1, -1)
        first, *later = self._order
        passed = {first: own[:, first : first + 1]}
        before = passed[first]
        for transfer, place in zip(self.transfers, later, strict=True):
            before = passed[place] = transfer(theta, own[:, place : place + 1], before)
        return torch.cat([passed[place] for place in range(len(self.tasks))], dim=1)

    def couple(self, logits: Float[Tensor, "r t 1 b"], context: ForwardContext) -> Float[Tensor, "r t 1 b"]:
        if context.training:
            probable = 0.5 * (1 + torch.tanh(logits[:, self._order, 0] / 2))
            excess = (probable[:, 1:] - probable[:, :-1]).relu().mean(dim=2).sum(dim=1)
            context.penalties.append(self.option("calibration", context, 1) * excess)
        return logits

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        return super().why_infeasible(recipe, development) or why_no_funnel(recipe, development)


class _Transfer:
    """Attention of one task to its own features and to what the task before hands on."""

    def __init__(self, copy: Copy, features: int) -> None:
        self._handed_on = Linear("transfer.handed_on", (copy,), features, features)
        self._query, self._key, self._value = (
            Slot(f"transfer.{name}.weight", (copy,), (features, features), uniform(features**-0.5, features, features))
            for name in ("query", "key", "value")
        )
        self.slots = (*self._handed_on.slots, self._query, self._key, self._value)

    def __call__(
        self, theta: Theta, own: Float[Tensor, "r 1 b d"], before: Float[Tensor, "r 1 b d"]
    ) -> Float[Tensor, "r 1 b d"]:
        sources = torch.cat([own, self._handed_on(theta, before, torch.relu)], dim=1)
        query, key, value = (
            product(sources.flatten(1, 2), theta[slot].squeeze(1)).view_as(sources)
            for slot in (self._query, self._key, self._value)
        )
        scores = (query * key).sum(dim=3, keepdim=True) / math.sqrt(own.shape[3])
        return (scores.softmax(dim=1) * value).sum(dim=1, keepdim=True)
