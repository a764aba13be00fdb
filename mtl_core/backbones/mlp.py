"""The multi-layer perceptron."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from mtl_core.backbones import Backbone
from mtl_core.layers.activations import ACTIVATIONS
from mtl_core.layers.bank import Theta
from mtl_core.layers.dropout import Noise
from mtl_core.layers.linear import Linear
from mtl_core.layers.norms import LayerNorm


class MLP(Backbone):
    """Fully connected stages: affine map, optional layer norm, activation, dropout, optional residual.

    Args:
        norm: ``none`` or ``layer``.
        residual: add a stage's input to its output where their widths agree.
        activation: ``relu``, ``tanh``, ``gelu`` or ``identity`` (a linear network, for closed forms).
    """

    def __init__(
        self,
        num_inputs: int,
        stages: int,
        width: int,
        *,
        norm: Literal["none", "layer"] = "none",
        residual: bool = False,
        activation: Literal["relu", "tanh", "gelu", "identity"] = "relu",
    ) -> None:
        super().__init__(num_inputs, stages, width)
        self.norm, self.residual, self.activation = norm, residual, activation

    def stage(self, level: int, copies: tuple[str, ...]) -> _Block:
        return _Block(self, level, copies)


class _Block:
    def __init__(self, mlp: MLP, level: int, copies: tuple[str, ...]) -> None:
        inputs = mlp.num_inputs if level == 0 else mlp.width
        self.copies = copies
        self._linear = Linear(f"stage{level}", copies, inputs, mlp.width)
        self._norm = LayerNorm(f"stage{level}.norm", copies, mlp.width) if mlp.norm == "layer" else None
        self._activation = ACTIVATIONS[mlp.activation]
        self._residual = mlp.residual and inputs == mlp.width
        self.slots = self._linear.slots + (self._norm.slots if self._norm else ())
        self.multiply_adds = self._linear.multiply_adds

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b i"], noise: Noise | None) -> Float[Tensor, "r c b o"]:
        if self._norm:
            h = self._activation(self._norm(theta, self._linear(theta, x)))
        else:
            h = self._linear(theta, x, self._activation)
        if noise:
            h = noise(h, self.copies)
        return x + h if self._residual else h
