"""Multi-task attention network."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import Chain, Sharing, run
from mtl_core.sharing.blocks.soft_masks import SoftMask


class MTAN(Sharing):
    """All tasks share the stages; each task applies its own soft attention mask to the features of every stage.

    With s_l the output of shared stage l ≤ k = ``depth``, task i attends to g_i^l = m_i^l ⊙ s_l, where
    m_i^l = σ(V_i^l relu(U_i^l [s_l; g_i^(l−1)])) lies between 0 and 1 and g_i^(l−1) is pooled to the places of s_l.
    Stages above k and the heads are private and take g_i^k.  With all masks equal to 1 this is ``hard``.

    Source: S. Liu, E. Johns & A. Davison, "End-to-end multi-task learning with attention", CVPR 2019, eqs. 1 and 2
    (multi-task attention network).

    Differs from the paper: a stage gives one feature map, which is both read and masked, where the paper reads a
    block's first and masks its last; masks have no batch norm; g is handed on as it is, pooled, where the paper passes
    it through a 3×3 convolution; U_i^1 reads s_1 alone, as there.
    """

    def __init__(self, backbone: Backbone, tasks: Sequence[str], depth: int) -> None:
        super().__init__(backbone, tasks, depth)
        sizes = [0, *(backbone.channels_at(level) for level in range(depth))]
        self.stages = [backbone.stage(level, (SHARED,)) for level in range(depth)]
        self.masks = [
            SoftMask(f"attention{level}", private(tasks), sizes[level + 1], sizes[level], backbone.feature_axis)
            for level in range(depth)
        ]
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        attended = zip(self.stages, self.masks, strict=True)
        self.parts = (*(part for pair in attended for part in pair), self.towers)

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        s, g = self.backbone.enter(x), None
        for level, (stage, mask) in enumerate(zip(self.stages, self.masks, strict=True)):
            s = run(stage, theta, s, context)
            g = mask(theta, s, None if g is None else self.backbone.fit_to(g, level))
        return s if g is None else g
