"""Multi-task attention network."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.bank import SHARED, Theta, private
from mtl_core.layers.feature_norm import Norm
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.sharing import Chain, Sharing, run
from mtl_core.sharing.blocks.shared_features import SharedFeatures
from mtl_core.sharing.blocks.soft_masks import SoftMask


class MTAN(Sharing):
    """All tasks share the stages; each task applies its own soft attention mask to the features of every stage.

    With s_l the output of shared stage l ≤ k = ``depth``, task i attends to g_i^l = m_i^l ⊙ s_l, where
    m_i^l = σ(norm(V_i^l relu(norm(U_i^l [s_l; f_l(g_i^(l−1))])))) lies between 0 and 1.  f_l is a layer that all tasks
    share, relu(norm(W_l g)), pooled to the places of s_l: a 3 × 3 convolution of images, else a linear map.  Stages
    above k and the heads are private and take g_i^k.  With all masks equal to 1 this is ``hard``.

    Source: S. Liu, E. Johns & A. Davison, "End-to-end multi-task learning with attention", CVPR 2019:
    the multi-task attention network.

    Differs from the paper: a stage gives one feature map, which is both read and masked, where the paper reads a
    block's first and masks its last; the batch norm of a shared layer f_l keeps running averages of each task's signal;
    a user's own modules on images have 1 × 1 convolutions in f_l; U_i^1 reads s_1 alone, as there.

    Args:
        mask_norm: norm in the masks and in the shared layers: ``batch``, as in the paper, ``layer`` or ``none``.
        feature_layers: whether g passes through the shared layers f_l, as in the paper, or is handed on as it is.
    """

    def __init__(
        self,
        backbone: Backbone,
        tasks: Sequence[str],
        depth: int,
        *,
        mask_norm: Norm = "batch",
        feature_layers: bool = True,
    ) -> None:
        super().__init__(backbone, tasks, depth)
        sizes = [0, *(backbone.channels_at(level) for level in range(depth))]
        self.stages = [backbone.stage(level, (SHARED,)) for level in range(depth)]
        self.features = [
            SharedFeatures(f"features{level}", backbone, level, mask_norm, tasks) if level and feature_layers else None
            for level in range(depth)
        ]
        self.masks = [
            SoftMask(
                f"attention{level}",
                private(tasks),
                sizes[level + 1],
                sizes[level + 1] if self.features[level] else sizes[level],
                backbone.feature_axis,
                mask_norm,
            )
            for level in range(depth)
        ]
        self.towers = Chain(backbone, range(depth, backbone.num_stages), private(tasks))
        attended = zip(self.stages, self.features, self.masks, strict=True)
        self.parts = [part for level in attended for part in level if part is not None] + [self.towers]

    def represent(
        self, theta: Theta, x: Float[Tensor, "r g b d"], context: ForwardContext
    ) -> Float[Tensor, "r t b *f"]:
        s, g = self.backbone.enter(x), None
        for level, (stage, features, mask) in enumerate(zip(self.stages, self.features, self.masks, strict=True)):
            s = run(stage, theta, s, context)
            if g is not None:
                handed = features(theta, g, context.training) if features else g
                g = self.backbone.fit_to(handed, level)
            g = mask(theta, s, g, context.training)
        return s if g is None else g
