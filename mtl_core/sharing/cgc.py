"""Customised gate control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import Uniform
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.experts import Extraction, Seen
from mtl_core.sharing.blocks.option_checks import miscounted, misdropped, namesake, options_of


class CGC(Sharing):
    """Shared experts and experts of each task's own; a task's gate weighs its own and the shared ones.

    f_i(x) = Σ_e g_i(x)_e h_e(x) with g_i(x) = softmax(W_i x + b_i) over the ``own_experts`` of task i and the
    ``shared_experts``, each an own copy of the k = ``depth`` first stages; y_i = head_i(tower_i(f_i)).  With a single
    own expert and no shared one it is ``independent``; without own experts it is ``mmoe``.  Where tasks have inputs of
    their own, a task's own experts see these alone.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020, section 4.1.

    Differs from the paper: gates have a bias and start at zero, as in ``mmoe``; all tasks have as many experts of their
    own; experts may be dropped from gates.

    Args:
        shared_experts: of all tasks.
        own_experts: of each task.
        gate_dropout: probability that a task's gate does without an expert for a step.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        shared_experts: int = 1,
        own_experts: int = 1,
        gate_dropout: Annotated[float, Uniform(0.0, 0.5)] = 0.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.gate_dropout = gate_dropout
        self.extraction = Extraction(backbone, range(depth), tasks, shared_experts, own_experts)
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (self.extraction, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        seen = Seen(self.backbone.enter(x), x)
        mixed, _ = self.extraction(theta, seen, seen, context, self.option("gate_dropout", context, 4))
        return mixed

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        return (
            super().why_infeasible(recipe, development)
            or miscounted(options, "shared_experts", 1, "without shared experts nothing is shared")
            or miscounted(options, "own_experts", 1, "without own experts it is mmoe with as many experts")
            or misdropped(options)
            or namesake(tasks, options["shared_experts"], options["own_experts"])
        )
