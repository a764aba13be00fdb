"""Low-rank corrections that tasks compose of shared factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.sharing import Chain, Sharing, split, unadaptable
from mtl_core.sharing.blocks.option_checks import expert_name_clash, invalid_count, options_of
from mtl_core.sharing.blocks.task_mixed_corrections import TaskMixedCorrection


class MTLLoRA(Sharing):
    """All tasks share the first stages; each corrects them by shared low-rank factors that it mixes itself.

    Every affine map W of stages 1 … k = ``depth`` becomes W + A Λ_i Σ_n s_in B_n for task i, where A (to q features)
    and the N matrices B_n (back from them) are shared, Λ_i is the task's own q × q matrix and s_i = softmax(w_i / τ)
    its own mixture.  Λ_i starts at the identity and B_n and w_i at 0, so that training begins at ``hard``.  Later
    stages and heads are private.  ``low_rank`` gives each task both factors for itself.

    Source: Y. Yang et al., "MTL-LoRA: low-rank adaptation for multi-task learning", AAAI 2025.

    Differs from the paper: W is trained together with the corrections, where the paper's is trained before and frozen;
    Λ_i is a full matrix; no factor α/q; every affine map is corrected, not chosen ones.

    Args:
        rank: rank q of the corrections; a layer with fewer than q inputs or outputs takes that number instead.
        ups: N, the number of shared matrices B_n that tasks mix.
        temperature: τ, the temperature of the mixtures.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        rank: int = 4,
        ups: int = 3,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.trunk = Chain(backbone, range(depth), (SHARED,))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.corrections = {
            layer.name: TaskMixedCorrection(layer, tasks, rank, ups, temperature)
            for stage in self.trunk.stages
            for layer in stage.layers
        }
        self.parts = (self.trunk, *self.corrections.values(), self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        signals = self.backbone.enter(x.expand(-1, len(self.tasks), -1, -1))
        return self.trunk(theta, signals, context.adapted(self._corrected))

    def _corrected(self, layer: Any, theta: Theta, x: Tensor, y: Tensor) -> Tensor:
        tasks = len(self.tasks)
        return (split(y, tasks) + self.corrections[layer.name](theta, split(x, tasks))).view_as(y)

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        if not options["temperature"] > 0:
            return f"temperature must be above 0, found {options['temperature']!r}"
        return (
            super().why_infeasible(recipe, development)
            or invalid_count(options, "rank", 1, "without corrections it is the same network as hard")
            or invalid_count(options, "ups", 1, "tasks mix what is there")
            or expert_name_clash(tasks, options["ups"])
            or unadaptable(recipe)
        )
