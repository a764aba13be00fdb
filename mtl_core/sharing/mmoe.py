"""Multi-gate mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Copy, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import OnRequest, Uniform
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.experts import SharedExperts
from mtl_core.sharing.blocks.gates import Gates, mix
from mtl_core.sharing.blocks.option_checks import expert_name_clash, invalid_count, invalid_gate_dropout, options_of


class MMoE(Sharing):
    """Experts shared by all tasks are mixed by one softmax gate per task (multi-gate mixture of experts).

    f_i(x) = Σ_e g_i(x)_e h_e(x) with g_i(x) = softmax(W_i x + b_i) over E experts.  Every expert is a copy of the first
    k = ``depth`` stages; y_i = head_i(tower_i(f_i)).  With one expert this is ``hard``; with E = T and one-hot gates
    that select one expert per task it is ``independent``.

    Source: J. Ma et al., "Modeling task relationships in multi-task learning with multi-gate mixture-of-experts",
    KDD 2018: the multi-gate model.

    Differs from the paper: gates have a bias b_i, without which a task could not prefer an expert whatever the
    example, standardised inputs being zero on average; W_i and b_i start at zero.  The dropout of experts, against
    gates that polarise, is of Z. Zhao et al., "Recommending what video to watch next", RecSys 2019; here its masks hold
    for a whole step.

    Args:
        experts: number of experts, E.
        gate_dropout: probability that a gate drops an expert for a step.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        experts: int = 4,
        gate_dropout: Annotated[float, OnRequest(Uniform(0.0, 0.5))] = 0.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.gate_dropout = gate_dropout
        self.experts = SharedExperts(backbone, range(depth), experts)
        copies = self._gate_copies()
        self.gates = Gates("gate0", copies, [self.experts.names] * len(copies), backbone.num_inputs)
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (self.experts, self.gates, self.towers)

    def _gate_copies(self) -> tuple[Copy, ...]:
        return private(self.tasks)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r c b *f"]:
        gates = self.gates(theta, x, context, self.option("gate_dropout", context, 4))
        return mix(gates, self.experts(theta, self.backbone.enter(x), context))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        return (
            super().why_infeasible(recipe, development)
            or invalid_count(options, "experts", 2, "a single expert is the same network as hard")
            or invalid_gate_dropout(options)
            or expert_name_clash(tasks, options["experts"])
        )
