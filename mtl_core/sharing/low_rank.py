"""A shared trunk with a low-rank correction for every task."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta, constant, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing, split, unadaptable
from mtl_core.sharing.blocks.option_checks import invalid_count, options_of
from mtl_core.sharing.blocks.task_descriptors import TaskVectors, along


class LowRank(Sharing):
    """All tasks share the first stages; each task adds a low-rank correction to every weight matrix (like LoRA).

    Every affine map W of stages 1 … k = ``depth`` becomes W + A_i B_i for task i, with A_i of q columns and B_i of q
    rows that are the task's own; A_i starts like a layer and B_i at 0, so that training begins at ``hard``.  Later
    stages and heads are private.  For q = 0 this is ``hard``; with full rank, own biases and no norms it can represent
    ``independent``.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022.

    Differs from the paper: W is trained together with the corrections, where the paper's is trained before and frozen;
    no factor α/q; every affine map is corrected, not those of attention alone.

    Args:
        rank: rank q of the corrections; a layer with fewer than q inputs or outputs takes that number instead.
        own_biases: whether every task also adds a vector of its own, which starts at 0, to the biases.
    """

    def __init__(
        self, backbone: Backbone, tasks: Sequence[str], depth: int, *, rank: int = 4, own_biases: bool = False
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        layers = [layer for stage in self.trunk.stages for layer in stage.layers]
        self.corrections = {layer.name: layer.low_rank(private(tasks), rank) for layer in layers if rank > 0}
        self.biases = {
            layer.name: TaskVectors(f"{layer.name}.own_bias", tasks, None, layer.outputs, partial(constant, 0.0))
            for layer in layers
            if own_biases
        }
        self.parts = (self.trunk, *self.corrections.values(), *self.biases.values(), self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        if self.corrections or self.biases:
            x, trunk_context = x.expand(-1, len(self.tasks), -1, -1), context.adapted(self._corrected)
        else:
            trunk_context = context
        return self.trunk(theta, self.backbone.enter(x), trunk_context)

    def apart(self, signals: int) -> bool:
        return self.trunk.stateless and (signals > 1 or bool(self.corrections or self.biases))

    def _corrected(self, layer: Any, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
        own = split(y, len(self.tasks))
        if layer.name in self.corrections:
            own = own + self.corrections[layer.name](theta, split(x, len(self.tasks)))
        if layer.name in self.biases:
            own = own + along(self.biases[layer.name](theta), own, layer.feature_axis)
        return own.view_as(y)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options = options_of(cls, recipe)
        if reason := invalid_count(options, "rank", 0, "it is a number of columns"):
            return reason
        if options["rank"] == 0 and not options["own_biases"]:
            return "corrections of rank 0: the same network as hard"
        return super().why_infeasible(recipe, development) or unadaptable(recipe)
