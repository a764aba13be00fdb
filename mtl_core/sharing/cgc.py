"""Customised gate control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import OnRequest, Uniform
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.experts import Extraction, LevelInput
from mtl_core.sharing.blocks.option_checks import (
    expert_name_clash,
    invalid_count,
    invalid_gate_dropout,
    options_of,
)


class CGC(Sharing):
    """Shared experts and each task's own experts are mixed by one gate per task (customised gate control).

    f_i(x) = Σ_e g_i(x)_e h_e(x) with g_i(x) = softmax(W_i x + b_i) over the ``own_experts`` of task i and the
    ``shared_experts``.  Every expert is a copy of the first k = ``depth`` stages; y_i = head_i(tower_i(f_i)).  With a
    single own expert and no shared one the architecture is ``independent``; without own experts it is ``mmoe``.  Where
    tasks have inputs of their own, a task's own experts see these alone.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020: customised gate control.

    Differs from the paper: gates have a bias and start at zero, as in ``mmoe``; all tasks have the same number of own
    experts; gates may drop experts in training.

    Args:
        shared_experts: number of experts that all tasks use.
        own_experts: number of experts of each task.
        gate_dropout: probability that a gate drops an expert for a step.
    """

    without_own_experts: ClassVar[str] = "without own experts it is mmoe with as many experts"
    """The reason that the plan gives for skipping an arm without own experts."""

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        shared_experts: int = 1,
        own_experts: int = 1,
        gate_dropout: Annotated[float, OnRequest(Uniform(0.0, 0.5))] = 0.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.gate_dropout = gate_dropout
        self.levels = self._levels(depth, shared_experts, own_experts)
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (*self.levels, self.towers)

    def _levels(self, depth: int, shared_experts: int, own_experts: int) -> list[Extraction]:
        """The extraction levels: here a single one, whose experts are all ``depth`` stages long."""
        return [Extraction(self.backbone, range(depth), self.tasks, shared_experts, own_experts)]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        (level,), examples = self.levels, LevelInput(self.backbone.enter(x), x)
        mixed, _ = level(theta, examples, examples, context, self.option("gate_dropout", context, 4))
        return mixed

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        return (
            super().why_infeasible(recipe, development)
            or invalid_count(options, "shared_experts", 1, "without shared experts nothing is shared")
            or invalid_count(options, "own_experts", 1, cls.without_own_experts)
            or invalid_gate_dropout(options)
            or expert_name_clash(tasks, options["shared_experts"], options["own_experts"])
        )
