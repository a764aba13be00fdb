"""Stages in which the tasks' gradients conflict become private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Sharing, run
from mtl_core.sharing.blocks.conflict_scores import ConflictScores
from mtl_core.sharing.blocks.search_length import search_epochs, why_no_length

_PRIVATE_STAGES = 1
_SETTLE_AT = 0.25


class Recon(Sharing):
    """The stages whose task gradients conflict most become private to each task; the network trains from scratch.

    The search trains a network that shares every stage, for the share ``settle_at`` of the epochs and on top of them.
    After each of its epochs, a stage scores one point for every pair of tasks with cos(g_i, g_j) < ``threshold``, g_i
    being the gradient of task i on the stage.  The ``private_stages`` stages of highest score get a copy for each task,
    of equal scores the later stage.  This network trains from its initial weights for as many epochs as every other.

    Source: G. Shi, Q. Li, W. Zhang, J. Chen & X.-M. Wu, "Recon: reducing conflicting gradients from the root for
    multi-task learning", ICLR 2023.

    Differs from the paper: gradients are compared on the batch of :mod:`mtl_core.gradients.conflict` after each epoch
    of the search, not in every step; a stage is the unit, not a layer; each replica searches for itself.

    During search and training the network holds, and computes, shared and private copies of every stage.  A width is
    matched to what is left when the last ``private_stages`` stages are private.

    Args:
        private_stages: how many stages become private; or their positions from 0, and nothing is searched.
        settle_at: length of the search, as a share of the epochs between 0 and 1.
        threshold: cosine below which two gradients conflict; in the paper 0 or a little less.
    """

    uses_depth = False
    observes_conflict = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int | None,
        *,
        private_stages: int | Sequence[int] = _PRIVATE_STAGES,
        settle_at: float = _SETTLE_AT,
        threshold: float = 0.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.private_stages, self.settle_at, self.threshold = private_stages, settle_at, threshold
        levels = range(backbone.num_stages)
        given = None if isinstance(private_stages, int) else list(private_stages)
        self._number = private_stages if isinstance(private_stages, int) else len(private_stages)
        self._shared = {
            level: backbone.stage(level, (SHARED,)) for level in levels if given is None or level not in given
        }
        self._private = {level: backbone.stage(level, private(tasks)) for level in (levels if given is None else given)}
        in_order = [kind[level] for level in levels for kind in (self._shared, self._private) if level in kind]
        self.scores = ConflictScores(len(levels), threshold) if given is None else None
        self.parts = [*in_order, *([self.scores] if self.scores else [])]
        self.found = self.scores.slots if self.scores else ()

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        h, chosen = self.backbone.enter(x), self._chosen(theta, context)
        for level in range(self.backbone.num_stages):
            kinds = [kind[level] for kind in (self._shared, self._private) if level in kind]
            signals = [run(stage, theta, h, context) for stage in kinds]
            if chosen is None:
                (h,) = signals
            else:
                common, own = signals
                h = torch.lerp(common.expand_as(own), own, chosen[:, level].view(-1, *[1] * (own.ndim - 1)))
        return h

    def observe_conflict(
        self, theta: Theta, cosines: Mapping[str, Float[Tensor, "r t t"]], searching: Bool[Tensor, " r"]
    ) -> None:
        for level in range(self.backbone.num_stages):
            if self.scores and f"stage{level}" in cosines:
                self.scores.add(theta, level, cosines[f"stage{level}"], searching)

    def tree(self, theta: Theta, row: int) -> list[list[list[str]]]:
        apart = self._positions(theta, row)
        levels = range(self.backbone.num_stages)
        return [[[task] for task in self.tasks] if level in apart else [list(self.tasks)] for level in levels]

    def settled(self, theta: Theta, row: int) -> dict[str, Any]:
        return {"sharing_options": {"private_stages": self._positions(theta, row)}}

    @classmethod
    def search_epochs(cls, recipe: Recipe) -> int:
        searched = isinstance(recipe.sharing_options.get("private_stages", _PRIVATE_STAGES), int)
        return search_epochs(recipe, _SETTLE_AT) if searched else 0

    @classmethod
    def sized_as(cls, recipe: Recipe, tasks: Sequence[str]) -> Recipe:
        number = recipe.sharing_options.get("private_stages", _PRIVATE_STAGES)
        if not isinstance(number, int):
            return recipe
        return replace(recipe, sharing_options={"private_stages": list(range(recipe.stages))[-number:]})

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        if reason := why_no_length(recipe, _SETTLE_AT):
            return reason
        stages = recipe.sharing_options.get("private_stages", _PRIVATE_STAGES)
        if not _possible(stages, recipe.stages):
            return f"private_stages must be 1 … {recipe.stages} or a list of positions from 0, found {stages!r}"
        return super().why_infeasible(recipe, development)

    def _positions(self, theta: Theta, row: int) -> list[int]:
        """Return the positions of the private stages of a row."""
        if self.scores is None:
            return sorted(self._private)
        return self.scores.highest(theta, self._number)[row].nonzero().squeeze(1).tolist()

    def _chosen(self, theta: Theta, context: ForwardContext) -> Float[Tensor, "r l"] | None:
        """Return the share of the private copies in each stage of each row, or ``None`` where the stages are given.

        It is 0 during the search, then 0 or 1; in a dry run, which is neither, one half.
        """
        if self.scores is None:
            return None
        chosen = self.scores.highest(theta, self._number).to(theta[self.scores.scores].dtype)
        if context.searching is not None:
            return torch.where(context.searching.unsqueeze(1), 0.0, chosen)
        return torch.full_like(chosen, 0.5) if context.training else chosen


def _possible(private_stages: Any, stages: int) -> bool:
    if isinstance(private_stages, bool):
        return False
    if isinstance(private_stages, int):
        return 1 <= private_stages <= stages
    return isinstance(private_stages, Sequence) and all(position in range(stages) for position in private_stages)
