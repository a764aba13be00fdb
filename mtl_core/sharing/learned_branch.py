"""A tree of stages that is learned together with the weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Slot, Theta, mutual, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import LogUniform
from mtl_core.sharing import Sharing, run, share
from mtl_core.sharing.blocks.branching import ParentChoice
from mtl_core.sharing.blocks.search_length import search_epochs, why_no_length
from mtl_core.sharing.blocks.stitching import mix, own_examples
from mtl_core.task_tree import average_tree, of_paths

_COLDEST = 0.1
"""The temperature at which the tree is fixed."""
_SETTLE_AT = 0.5


class LearnedBranch(Sharing):
    """The tree of shared stages is learned by gradient: each node chooses its parent with a Gumbel-softmax.

    A stage has a node for each task.  The input of node j at stage l + 1 is Σ_p w_jp h_p over the nodes p of stage l,
    with w_j = softmax((θ_j + G_j)/τ), Gumbel noise G and a temperature τ that falls geometrically; heads choose among
    the nodes of the last stage in the same way.  The search takes the share ``settle_at`` of the epochs, on top of
    them; then w is the one-hot arg-max of θ, and the network, which is a tree now, trains from its initial weights for
    as many epochs as every other network.  Evaluation uses the arg-max throughout.

    Source: P. Guo, C.-Y. Lee & D. Ulbricht, "Learning to branch for multi-task learning", ICML 2020.

    Differs from the paper: τ falls to .1 by the time the tree is fixed; weights and θ have one learning rate; a stage
    has as many nodes as there are tasks.  Tasks with inputs of their own send them through all nodes, T times the work,
    and statistics over a batch are those of all tasks' examples.

    The tree is known after the search alone, and seeds differ in it about as much as chance would.  A width is
    therefore matched to a tree with as many nodes at every stage as a random tree has on average; records hold the size
    of the tree that was found.

    Args:
        branching_temperature: temperature τ at the start.
        settle_at: length of the search, as a share of the epochs between 0 and 1.
        retrain: whether the tree trains from scratch; if not, the search is a part of the training, and its weights go
            on training in the tree.
    """

    uses_depth = False
    acts_after_step = True

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int | None,
        *,
        branching_temperature: Annotated[float, LogUniform(0.5, 10.0)] = 2.0,
        settle_at: float = _SETTLE_AT,
        retrain: bool = True,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.branching_temperature, self.settle_at, self.retrain = branching_temperature, settle_at, retrain
        levels = backbone.num_stages
        self.stages = [backbone.stage(level, mutual(tasks)) for level in range(levels)]
        self.choices = [
            ParentChoice(f"branching{level}", mutual(tasks) if level < levels - 1 else private(tasks))
            for level in range(levels)
        ]
        self.found = tuple(choice.chosen for choice in self.choices)
        chosen = zip(self.stages, self.choices, strict=True)
        self.parts = [part for pair in chosen for part in pair]
        ahead = [(child, (child + step) % len(tasks)) for child in range(len(tasks)) for step in range(len(tasks))]
        self._edges = [
            f"branching{level}\x1f{tasks[child]}\x1f{tasks[parent]}"
            for level in range(levels)
            for child, parent in ahead
        ]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        (*between, last), joint = self._weights(theta, context), context.joining(x.shape[1])
        h = run(self.stages[0], theta, share(self.backbone.enter(x)), joint)
        for stage, weights in zip(self.stages[1:], between, strict=True):
            h = run(stage, theta, mix(weights, h), joint)
        return own_examples(mix(last, h), x.shape[1])

    def tree(self, theta: Theta, row: int) -> list[list[list[str]]]:
        """Return the arg-max tree of a row in the form that :class:`mtl_core.sharing.branch.Branch` takes."""
        return of_paths(self.nodes(theta, row), self.tasks)

    def nodes(self, theta: Theta, row: int) -> list[list[int]]:
        """Return, for each stage, the position of the node that each task's path passes in a row."""
        node, paths = list(range(len(self.tasks))), []
        for choice in reversed(self.choices):
            parents = choice.parents(theta)[row].tolist()
            node = [parents[child] for child in node]
            paths.insert(0, node)
        return paths

    def after_step(
        self,
        theta: Theta,
        heads: Sequence[Slot],
        rates: Float[Tensor, " r"],
        present: Bool[Tensor, "r t"],
        context: ForwardContext,
    ) -> None:
        assert context.progress is not None, "a step knows where in its training it is"
        free, _ = self._search(context, context.progress)
        for choice in self.choices:
            choice.keep(theta, free)

    @classmethod
    def search_epochs(cls, recipe: Recipe) -> int:
        return search_epochs(recipe, _SETTLE_AT) if recipe.sharing_options.get("retrain", True) else 0

    @classmethod
    def sized_as(cls, recipe: Recipe, tasks: Sequence[str]) -> Recipe:
        return replace(recipe, sharing="branch", sharing_options={"tree": average_tree(tasks, recipe.stages)})

    def settled(self, theta: Theta, row: int) -> dict[str, Any]:
        return {"sharing": "branch", "sharing_options": {"tree": self.tree(theta, row)}}

    def _search(
        self, context: ForwardContext, progress: Float[Tensor, " r"]
    ) -> tuple[Bool[Tensor, " r"], Float[Tensor, " r"]]:
        """Return which rows are free to choose, and how far each is on the way to its tree."""
        if not self.retrain:
            return progress < self.settle_at, (progress / self.settle_at).clamp(max=1)
        free = torch.ones_like(progress, dtype=torch.bool) if context.searching is None else context.searching
        return free, progress

    def _weights(self, theta: Theta, context: ForwardContext) -> list[Float[Tensor, "r t t"]]:
        """The weights of parents at every level: relaxed while a row is free to choose, else one-hot."""
        if not context.training:
            return [choice.settled(theta) for choice in self.choices]
        start, progress = self.option("branching_temperature", context, 3), context.progress
        if progress is None or context.streams is None:  # a dry run
            return [choice.relaxed(theta, None, start) for choice in self.choices]
        shape = len(self.choices), len(self.tasks), len(self.tasks)
        noise = context.streams.uniform(self._edges).unflatten(1, shape).unbind(1)
        free, way = (values.view(-1, 1, 1) for values in self._search(context, progress))
        hottest = start.log() if isinstance(start, Tensor) else math.log(start)
        temperature = torch.exp(hottest + way * (math.log(_COLDEST) - hottest))
        return [
            torch.where(free, choice.relaxed(theta, drawn, temperature), choice.settled(theta))
            for choice, drawn in zip(self.choices, noise, strict=True)
        ]

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        return why_no_length(recipe, _SETTLE_AT) or super().why_infeasible(recipe, development)
