"""The norm that a backbone's option names: none, layer or batch normalisation of the features of a signal."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Slot, Theta
from mtl_core.layers.feature_batch_norm import FeatureBatchNorm
from mtl_core.layers.norms import LayerNorm

Norm = Literal["none", "layer", "batch"]


class FeatureNorm:
    """Normalisation of features, a bank: none, each example's own (layer), or each feature's over the batch (batch).

    Args:
        kind: which of the three.
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        features: number of features.
        feature_axis: position of the features in the signal.
        signals: of a batch norm, see :class:`~mtl_core.layers.feature_batch_norm.FeatureBatchNorm`.
    """

    def __init__(
        self,
        kind: Norm,
        name: str,
        copies: tuple[Copy, ...],
        features: int,
        feature_axis: int = -1,
        signals: tuple[Copy, ...] | None = None,
    ) -> None:
        self._norm: LayerNorm | FeatureBatchNorm | None = None
        if kind == "layer":
            self._norm = LayerNorm(name, copies, features)
        elif kind == "batch":
            self._norm = FeatureBatchNorm(name, copies, features, signals)
        self._feature_axis = feature_axis
        self.slots: tuple[Slot, ...] = self._norm.slots if self._norm else ()

    def __bool__(self) -> bool:
        """Whether it does anything."""
        return bool(self.slots)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b *f"], training: bool) -> Float[Tensor, "r c b *f"]:
        """Return the normalised signal; in ``training`` batch norm takes and remembers the batch's statistics."""
        if self._norm is None:
            return x
        last = x.movedim(self._feature_axis, -1)
        if isinstance(self._norm, LayerNorm):
            return self._norm(theta, last).movedim(-1, self._feature_axis)
        return self._norm(theta, last, training).movedim(-1, self._feature_axis)
