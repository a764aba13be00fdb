"""The affine layer."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.activations import Activation, identity
from mtl_core.layers.bank import Slot, Theta, uniform


class Linear:
    """y = x W + b for r·c copies at once."""

    def __init__(self, name: str, copies: tuple[str, ...], inputs: int, outputs: int) -> None:
        bound = inputs**-0.5
        self.weight = Slot(f"{name}.weight", copies, (inputs, outputs), uniform(bound, inputs, outputs))
        self.bias = Slot(f"{name}.bias", copies, (outputs,), uniform(bound, outputs))
        self.slots = (self.weight, self.bias)
        self.multiply_adds = inputs * outputs

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b i"], activation: Activation = identity
    ) -> Float[Tensor, "r c b o"]:
        # the activation may work in place, which is cheap on the product itself but not on a view of it
        weight, bias = theta[self.weight], theta[self.bias]
        replicas, copies, inputs, outputs = weight.shape
        product = torch.baddbmm(
            bias.reshape(replicas * copies, 1, outputs),
            x.reshape(replicas * copies, -1, inputs),
            weight.reshape(replicas * copies, inputs, outputs),
        )
        return activation(product).view(replicas, copies, -1, outputs)
