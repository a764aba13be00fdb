"""Soft attention masks on features."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.linear import Linear


class SoftMask:
    """m = σ(V relu(U [s; g] + c) + d) at every place, with σ(z) = ½(1 + tanh(z/2)) between 0 and 1.

    Source: S. Liu, E. Johns & A. Davison, "End-to-end multi-task learning with attention", CVPR 2019, eq. 2.

    Args:
        name: of the layer.
        copies: of the bank.
        features: of what is masked, s.
        context: features of g, which is read beside it; 0: there is no g.
        feature_axis: of both.
    """

    def __init__(
        self, name: str, copies: tuple[Copy, ...], features: int, context: int = 0, feature_axis: int = -1
    ) -> None:
        self._feature_axis = feature_axis
        self.read = Linear(f"{name}.read", copies, features + context, features)
        self.write = Linear(f"{name}.write", copies, features, features)
        self.slots = (*self.read.slots, *self.write.slots)

    def __call__(
        self, theta: Theta, s: Float[Tensor, "r c b *f"], g: Float[Tensor, "r c b *f"] | None = None
    ) -> Float[Tensor, "r c b *f"]:
        """The mask of ``s``; ``g`` has the same places."""
        seen = s if g is None else torch.cat([s, g], dim=self._feature_axis)
        hidden = self.read(theta, seen.movedim(self._feature_axis, -1), torch.relu_)
        return 0.5 * (1 + torch.tanh(0.5 * self.write(theta, hidden))).movedim(-1, self._feature_axis)
