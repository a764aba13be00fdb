"""Mixture of experts with differentiable sparse gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.data.task_set import Development
from mtl_core.layers.bank import Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.recipe import Recipe
from mtl_core.search_space import LogUniform, OnRequest, Uniform
from mtl_core.sharing import Chain, Sharing
from mtl_core.sharing.blocks.experts import SharedExperts
from mtl_core.sharing.blocks.gates import dropped_experts, gate_names, mix
from mtl_core.sharing.blocks.option_checks import expert_name_clash, invalid_count, invalid_gate_dropout, options_of
from mtl_core.sharing.blocks.sparse_gates import Selectors, without_dropped


class DSelectK(Sharing):
    """Experts shared by all tasks are mixed by one sparse, differentiable gate per task, which selects at most k.

    f_i(x) = Σ_e q_ie h_e(x) with q_i = Σ_s softmax(α_i)_s r(z_is) over ``selectors`` selectors.  A selector has
    log₂ E numbers z, of which r(z)_e = Π_j (S(z_j) if the binary code of e has a one at place j, else 1 − S(z_j))
    chooses among the E experts, S being the smooth step, exactly 0 below −w/2 and 1 above w/2.  The objective has
    λ Σ_is H(r(z_is)) besides, the entropy H being 0 when a selector has chosen; then at most ``selectors`` of a task's
    weights are not zero.

    Source: H. Hazimeh et al., "DSelect-k: differentiable selection in the mixture of experts with applications to
    multi-task learning", NeurIPS 2021.

    Differs from the paper: the number of experts is a power of two (the paper adds a penalty on codes that no expert
    has); the entropy of example gates is averaged over the batch, not summed.  The optimiser's weight decay, which the
    paper does not have, draws codes back to where selectors begin to hesitate.  Dropout of experts, off by default,
    is there so that all mixtures can be given the same regulariser; the remaining weights are scaled to add up to 1.

    Args:
        experts: number of experts, E, a power of two.
        selectors: largest number of experts that a task ends with, the k of the name.
        gate: ``static`` (a task's weights are the same for all examples) or ``example`` (z and α are affine in x).
        smooth_step_width: width w of the smooth step, above 0.
        selector_entropy: strength λ of the entropy penalty.
        gate_dropout: probability that a gate drops an expert for a step.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        experts: int = 4,
        selectors: int = 2,
        gate: Literal["static", "example"] = "static",
        smooth_step_width: float = 1.0,
        selector_entropy: Annotated[float, LogUniform(1e-3, 10.0)] = 0.1,
        gate_dropout: Annotated[float, OnRequest(Uniform(0.0, 0.5))] = 0.0,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        self.selector_entropy, self.gate_dropout = selector_entropy, gate_dropout
        self.experts = SharedExperts(backbone, range(depth), experts)
        self.gates = Selectors(
            "gate0", private(tasks), experts, selectors, backbone.num_inputs, gate, smooth_step_width
        )
        copies = private(tasks)
        self._gate_names = gate_names("gate0", copies, [self.experts.names] * len(copies))
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (self.experts, self.gates, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        weights, entropy = self.gates(theta, x)
        if context.training:
            context.penalties.append(self.option("selector_entropy", context, 1) * entropy)
        dropout = self.option("gate_dropout", context, 4)
        weights = without_dropped(weights, dropped_experts(self._gate_names, len(self.tasks), context, dropout))
        return mix(weights, self.experts(theta, self.backbone.enter(x), context))

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        return (
            super().why_infeasible(recipe, development)
            or invalid_count(options, "experts", 2, "a single expert is the same network as hard")
            or invalid_count(options, "selectors", 1, "each selects one expert")
            or invalid_gate_dropout(options)
            or expert_name_clash(tasks, options["experts"])
            or _invalid_selectors(
                **{name: options[name] for name in ("experts", "selectors", "gate", "smooth_step_width")}
            )
        )


def _invalid_selectors(experts: int, selectors: int, gate: str, smooth_step_width: float) -> str | None:
    if experts & (experts - 1):
        return f"experts must be a power of two, which binary codes fill, found {experts}"
    if selectors > experts:
        return f"selectors must not outnumber the {experts} experts, found {selectors}"
    if gate not in ("static", "example"):
        return f"gate must be static or example, found {gate!r}"
    return None if smooth_step_width > 0 else f"smooth_step_width must be above 0, found {smooth_step_width}"
