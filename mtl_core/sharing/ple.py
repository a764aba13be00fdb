"""Progressive layered extraction."""

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
from mtl_core.sharing import Chain, Sharing, share, split
from mtl_core.sharing.blocks.experts import Extraction, Seen, seen
from mtl_core.sharing.blocks.option_checks import miscounted, misdropped, namesake, options_of


class PLE(Sharing):
    """Levels of shared and own experts: what is common is separated from what is a task's own step by step.

    At level l = 1 … k (k = ``depth``, one stage each) task i's experts see its mixture m_i^{l−1} and the shared ones
    see m_s^{l−1}, where m^0 is the example.  m_i^l = Σ_e softmax(W_i^l m_i^{l−1} + b_i^l)_e h_e over the task's own
    experts and the shared ones; m_s^l = Σ_e softmax(W_s^l m_s^{l−1} + b_s^l)_e h_e over all experts of the level, which
    the last level does without; y_i = head_i(tower_i(m_i^k)).  With one level it is ``cgc``.

    From the second level on a gate sees the mean over places (of images) or tokens of its mixture.  Where tasks have
    inputs of their own, all levels but the last show every task's examples to all experts, T times the work.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020, section 4.2.

    Differs from the paper: as ``cgc`` does; an expert of a level is one stage.

    Args:
        shared_experts: of all tasks, at each level.
        own_experts: of each task, at each level.
        gate_dropout: probability that a gate does without an expert for a step.
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
        self.levels = [
            Extraction(backbone, range(level, level + 1), tasks, shared_experts, own_experts, depth - level - 1)
            for level in range(depth)
        ]
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        self.parts = (*self.levels, self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        *earlier, last = self.levels
        dropout, signals, axis = self.option("gate_dropout", context, 4), x.shape[1], self.backbone.feature_axis
        own = shared = Seen(self.backbone.enter(x), x)
        if earlier:
            own = shared = Seen(share(own.stages), share(x))
        for level in earlier:
            tasks, common = level(theta, own, shared, context, dropout)
            own, shared = seen(tasks, axis), shared if common is None else seen(common, axis)
        if earlier and signals > 1:
            own = Seen(*(_each_its_own(signal, signals) for signal in own))
            shared = Seen(*(split(signal, signals) for signal in shared))
        mixed, _ = last(theta, own, shared, context, dropout)
        return mixed

    @classmethod
    def why_infeasible(cls, recipe: Recipe, development: Development) -> str | None:
        options, tasks = options_of(cls, recipe), [task.name for task in development.tasks]
        return (
            super().why_infeasible(recipe, development)
            or miscounted(options, "shared_experts", 1, "without shared experts nothing is shared")
            or miscounted(options, "own_experts", 1, "without own experts levels have nothing to separate")
            or misdropped(options)
            or namesake(tasks, options["shared_experts"], options["own_experts"])
        )


def _each_its_own(h: Float[Tensor, "r t gb *f"], signals: int) -> Float[Tensor, "r t b *f"]:
    """Of every task's view of all tasks' examples, the one of its own examples."""
    return h.unflatten(2, (signals, -1)).diagonal(dim1=1, dim2=2).movedim(-1, 1)
