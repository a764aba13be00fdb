"""Progressive layered extraction."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import share, split
from mtl_core.sharing.blocks.experts import Extraction, LevelInput, level_input
from mtl_core.sharing.blocks.stitching import own_examples
from mtl_core.sharing.cgc import CGC


class PLE(CGC):
    """Shared and own experts are mixed by gates at each of several levels (progressive layered extraction).

    At level l = 1 … k (k = ``depth``, one stage each) task i's experts see its mixture m_i^{l−1} and the shared ones
    see m_s^{l−1}, where m^0 is the example.  m_i^l = Σ_e softmax(W_i^l m_i^{l−1} + b_i^l)_e h_e over the task's own
    experts and the shared ones; m_s^l = Σ_e softmax(W_s^l m_s^{l−1} + b_s^l)_e h_e over all experts of the level, which
    the last level lacks; y_i = head_i(tower_i(m_i^k)).  With one level the architecture is ``cgc``.

    From the second level on a gate sees the mean of its mixture over places (of images) or tokens.  Where tasks have
    inputs of their own, all levels but the last show every task's examples to all experts, T times the work.

    Source: H. Tang et al., "Progressive layered extraction (PLE): a novel multi-task learning model for personalized
    recommendations", RecSys 2020: progressive layered extraction.

    Differs from the paper: as ``cgc`` does; an expert of a level is one stage.

    Args:
        shared_experts: number of experts that all tasks use, at each level.
        own_experts: number of experts of each task, at each level.
        gate_dropout: probability that a gate drops an expert for a step.
    """

    without_own_experts: ClassVar[str] = "without own experts levels have nothing to separate"

    def _levels(self, depth: int, shared_experts: int, own_experts: int) -> list[Extraction]:
        """One extraction level for each shared stage."""
        return [
            Extraction(
                self.backbone, range(level, level + 1), self.tasks, shared_experts, own_experts, depth - level - 1
            )
            for level in range(depth)
        ]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        *earlier, last = self.levels
        dropout, signals, axis = self.option("gate_dropout", context, 4), x.shape[1], self.backbone.feature_axis
        own = shared = LevelInput(self.backbone.enter(x), x)
        if earlier:
            own = shared = LevelInput(share(own.experts), share(x))
        joint = context.joining(signals)
        for level in earlier:
            task_mixtures, shared_mixture = level(theta, own, shared, joint, dropout)
            own = level_input(task_mixtures, axis)
            shared = shared if shared_mixture is None else level_input(shared_mixture, axis)
        if earlier and signals > 1:
            own = LevelInput(*(own_examples(signal, signals) for signal in own))
            shared = LevelInput(*(split(signal, signals) for signal in shared))
        mixed, _ = last(theta, own, shared, context, dropout)
        return mixed
