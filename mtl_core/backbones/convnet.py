"""The convolutional network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Affine, ImageBackbone
from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.conv import Convolution
from mtl_core.layers.feature_norm import FeatureNorm, Norm
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.pooling import max_pool


class ConvNet(ImageBackbone):
    """Convolutional stages: 3 × 3 convolution, optional norm, 2 × 2 max pooling, ReLU, dropout.

    A stage does not pool where a side is shorter than 4 pixels: 8 × 12, 4 × 6, 2 × 3, 2 × 3 …  The width is the number
    of channels of every stage, so that architectures can mix or compare the outputs of different stages.

    Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86,
    1998, section II.

    Differs from the paper: ReLU and max pooling (which commute: the smaller array is rectified) in place of tanh and
    average pooling; every map reads all maps before it; the heads replace the three last layers.  Norms are of a later
    time: ``batch`` is over examples and places, ``layer`` over the channels of each place.

    Args:
        pool: what the heads read: ``flatten``, every place (on a small canvas it tells left from right), or ``mean``.
        norm: ``none``, ``layer``, or ``batch``, whose statistics are those of each replica and copy.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        stages: int,
        width: int,
        *,
        pool: Literal["flatten", "mean"] = "flatten",
        norm: Norm = "none",
    ) -> None:
        super().__init__(inputs, stages, width, pool=pool, norm=norm)
        self.norm: Norm = norm

    def stage(self, level: int, copies: tuple[Copy, ...]) -> _Stage:
        return _Stage(self, level, copies)

    def shrunk(self, level: int, height: int, width: int) -> tuple[int, int]:
        return height // 2, width // 2


class _Stage:
    def __init__(self, net: ConvNet, level: int, copies: tuple[Copy, ...]) -> None:
        self.copies = copies
        self._convolution = Convolution(f"stage{level}", copies, net.channels_at(level - 1), net.width)
        self.layers: tuple[Affine, ...] = (self._convolution,)
        self.conditioned: Affine = self._convolution
        self._norm = FeatureNorm(net.norm, f"stage{level}.norm", copies, net.width, net.feature_axis)
        self.slots = self._convolution.slots + self._norm.slots
        self._shrinks = net.shrinks(level)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b i h w"], context: ForwardContext
    ) -> Float[Tensor, "r c b o p q"]:
        h = self._norm(theta, self._convolution(theta, x, context.adapt), context.training)
        h = torch.relu(max_pool(h) if self._shrinks else h)
        return context.drop(h, self.copies)
