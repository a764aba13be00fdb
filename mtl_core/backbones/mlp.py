"""The multi-layer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.activations import ACTIVATIONS
from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.feature_norm import FeatureNorm, Norm
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.linear import Linear


class MLP(Backbone):
    """Fully connected stages: affine map, optional norm, activation, dropout, optional residual connection.

    Args:
        inputs: shape of an example; an image is flattened into columns.
        stages: number of stages.
        width: units per stage.
        norm: ``none``, ``layer``, or ``batch``, whose statistics are those of each replica and copy.
        residual: whether a stage's input is added to its output where their widths agree.
        activation: ``relu``, ``tanh``, ``gelu`` or ``identity`` (a linear network, for closed forms).
    """

    def __init__(
        self,
        inputs: Sequence[int],
        stages: int,
        width: int,
        *,
        norm: Norm = "none",
        residual: bool = False,
        activation: Literal["relu", "tanh", "gelu", "identity"] = "relu",
    ) -> None:
        flat = (math.prod(inputs),)  # an image is so many columns; further features are further columns
        super().__init__(flat, stages, width, norm=norm, residual=residual, activation=activation)
        self.norm: Norm = norm
        self.residual, self.activation = residual, activation

    def stage(self, level: int, copies: tuple[Copy, ...]) -> _Block:
        return _Block(self, level, copies)

    @property
    def num_features(self) -> int:
        return self.channels_at(self.num_stages - 1)


class _Block:
    def __init__(self, mlp: MLP, level: int, copies: tuple[Copy, ...]) -> None:
        inputs = mlp.channels_at(level - 1)
        self.copies = copies
        self._linear = self.conditioned = Linear(f"stage{level}", copies, inputs, mlp.width)
        self.layers = (self._linear,)
        self._norm = FeatureNorm(mlp.norm, f"stage{level}.norm", copies, mlp.width)
        self._activation = ACTIVATIONS[mlp.activation]
        self._residual = mlp.residual and inputs == mlp.width
        self.slots = self._linear.slots + self._norm.slots

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b i"], context: ForwardContext) -> Float[Tensor, "r c b o"]:
        if self._norm:
            h = self._activation(self._norm(theta, self._linear(theta, x, adapt=context.adapt), context.training))
        elif self._activation is torch.relu_:
            h = self._linear(theta, x, partial(context.drop_positive, copies=self.copies), context.adapt)
            return x + h if self._residual else h
        else:
            h = self._linear(theta, x, self._activation, context.adapt)
        h = context.drop(h, self.copies)
        return x + h if self._residual else h
