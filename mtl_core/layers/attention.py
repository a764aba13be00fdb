"""Self-attention between the tokens of an example."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.bank import Copy, Theta
from mtl_core.layers.forward_context import ForwardContext
from mtl_core.layers.linear import Linear
from mtl_core.layers.rounded_products import product


class Attention:
    """Multi-head self-attention, a bank: softmax(Q Kᵀ / √(d/heads)) V in every head, then an affine map.

    Q, K and V are one affine map of the tokens.  The layer is written out as batched products and a softmax over the
    last dimension: torch's fused kernels choose their path, hence their last bits, by the size of the whole batch.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, eq. 1 and section 3.2.2.

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        width: number of features of a token, d, a multiple of ``heads``.
        heads: number of attention heads.
    """

    def __init__(self, name: str, copies: tuple[Copy, ...], width: int, heads: int) -> None:
        self._heads = heads
        self._projections = Linear(f"{name}.projections", copies, width, 3 * width)
        self._output = Linear(f"{name}.output", copies, width, width)
        self.layers = (self._projections, self._output)
        self.slots = self._projections.slots + self._output.slots

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b n d"], context: ForwardContext
    ) -> Float[Tensor, "r c b n d"]:
        *outer, tokens, width = x.shape
        size = width // self._heads
        projected = self._projections(theta, x, adapt=context.adapt).view(-1, tokens, 3, self._heads, size)
        query, key, value = projected.permute(2, 0, 3, 1, 4).reshape(3, -1, tokens, size)
        weights = product(query * size**-0.5, key.transpose(1, 2)).softmax(dim=-1)
        mixed = product(weights, value).view(*outer, self._heads, tokens, size)
        return self._output(theta, mixed.transpose(-3, -2).reshape(x.shape), adapt=context.adapt)
