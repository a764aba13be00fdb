"""The affine layer, as a bank."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.activations import Activation, identity
from mtl_core.layers.bank import Copy, Slot, Theta, constant, uniform
from mtl_core.layers.forward_context import Adapter
from mtl_core.layers.matrix_products import affine
from mtl_core.layers.rounded_products import product


class Linear:
    """Affine layer, a bank: y = x W + b over the last dimension, for r·c copies at once.

    Dimensions between copies and features count as examples.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        inputs, outputs: numbers of features of x and y.
    """

    feature_axis = -1

    def __init__(self, name: str, copies: tuple[Copy, ...], inputs: int, outputs: int) -> None:
        bound = inputs**-0.5
        self.name, self.inputs, self.outputs = name, inputs, outputs
        self.weight = Slot(f"{name}.weight", copies, (inputs, outputs), uniform(bound, inputs, outputs))
        self.bias = Slot(f"{name}.bias", copies, (outputs,), uniform(bound, outputs))
        self.slots = (self.weight, self.bias)

    def __call__(
        self,
        theta: Theta,
        x: Float[Tensor, "r c *b i"],
        activation: Activation = identity,
        adapt: Adapter | None = None,
    ) -> Float[Tensor, "r c *b o"]:
        # the activation may work in place, which is cheap on the product itself but not on a view of it
        weight, bias = theta[self.weight], theta[self.bias]
        replicas, copies, inputs, outputs = weight.shape
        product = affine(
            bias.reshape(replicas * copies, 1, outputs),
            x.reshape(replicas * copies, -1, inputs),
            weight.reshape(replicas * copies, inputs, outputs),
        )
        shape = (*x.shape[:-1], outputs)
        if adapt is None:
            return activation(product).view(shape)
        return activation(adapt(self, theta, x, product.view(shape)))

    def low_rank(self, copies: tuple[Copy, ...], rank: int) -> LowRankLinear:
        """Return a bank of corrections x A B of rank ``rank`` to this layer, or of full rank where that is less."""
        return LowRankLinear(self, copies, rank)


class LowRankLinear:
    """Low-rank correction x A B to an affine layer, a bank; B = 0 at the start.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022, section 4.1.

    Args:
        layer: the affine layer to correct.
        copies: copies of the correction in the bank.
        rank: number of features between A and B; a layer with fewer inputs or outputs takes that number instead.
    """

    def __init__(self, layer: Linear, copies: tuple[Copy, ...], rank: int) -> None:
        self.rank = min(rank, layer.inputs, layer.outputs)
        first, second = (layer.inputs, self.rank), (self.rank, layer.outputs)
        self.down = Slot(f"{layer.name}.down", copies, first, uniform(layer.inputs**-0.5, *first))
        self.up = Slot(f"{layer.name}.up", copies, second, constant(0.0, *second))
        self.slots = (self.down, self.up)

    def __call__(self, theta: Theta, x: Float[Tensor, "r c *b i"]) -> Float[Tensor, "r c *b o"]:
        down, up = theta[self.down].flatten(0, 1), theta[self.up].flatten(0, 1)
        h = product(x.reshape(len(down), -1, down.shape[1]), down)
        return product(h, up).view(*x.shape[:-1], up.shape[2])
