"""The shared layer by which a multi-task attention network hands a stage's attended features to the next attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone, ImageBackbone
from mtl_core.layers.bank import SHARED, Slot, Theta, private
from mtl_core.layers.conv import Convolution
from mtl_core.layers.feature_norm import FeatureNorm, Norm
from mtl_core.layers.linear import Linear
from mtl_core.sharing import share


class SharedFeatures:
    """A layer that all tasks share, relu(norm(W g + b)): a 3 × 3 convolution of images, else a map at each place.

    Gain and shift of a batch norm are shared like the layer; its statistics are those of each task's signal, or a
    task's loss would depend on the other tasks' attention.

    Source: S. Liu, E. Johns & A. Davison, "End-to-end multi-task learning with attention", CVPR 2019.

    Args:
        name: of the layer.
        backbone: whose signals it reads.
        level: position of the stage whose attention reads the result, from 1 up.
        norm: norm ahead of the rectifier.
        tasks: names, in order.
    """

    def __init__(self, name: str, backbone: Backbone, level: int, norm: Norm, tasks: Sequence[str]) -> None:
        inputs, outputs = backbone.channels_at(level - 1), backbone.channels_at(level)
        layer = Convolution if isinstance(backbone, ImageBackbone) else Linear
        self._layer = layer(name, (SHARED,), inputs, outputs)
        self._norm = FeatureNorm(
            norm, f"{name}.norm", (SHARED,), outputs, backbone.feature_axis, signals=private(tasks)
        )
        self._feature_axis = backbone.feature_axis
        self.slots: tuple[Slot, ...] = (*self._layer.slots, *self._norm.slots)

    def __call__(self, theta: Theta, g: Float[Tensor, "r t b *i"], training: bool) -> Float[Tensor, "r t b *o"]:
        """Return the features of every task's signal; in ``training`` a batch norm takes the batch's statistics."""
        if isinstance(self._layer, Convolution):
            y = self._layer(theta, share(g))
        else:
            y = self._layer(theta, share(g).movedim(self._feature_axis, -1)).movedim(-1, self._feature_axis)
        y = y.unflatten(2, (g.shape[1], -1)).squeeze(1)
        return torch.relu(self._norm(theta, y, training))
