"""The convolution, a bank like the affine layer."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from mtl_core.layers.bank import Copy, Slot, Theta, constant, uniform
from mtl_core.layers.forward_context import Adapter

_FEWEST, _MOST = 8, 48
"""Channels between which a CPU convolves all copies as the groups of one convolution.  With fewer, the kernel, hence
the bits, depends on the number of groups; with more, a copy alone keeps the processor busier."""


class Convolution:
    """y = W * x + b for r·c copies at once: k × k, k odd, padded with zeros to the same size (before the stride).

    Args:
        name: of the layer, unique in the network.
        copies: of the bank.
        inputs, outputs: channels.
        kernel: k.
        stride: of both directions.
        bias: whether there is a b; a batch norm behind the layer would cancel it.
    """

    feature_axis = 3

    def __init__(
        self,
        name: str,
        copies: tuple[Copy, ...],
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        bias: bool = True,
    ) -> None:
        self.name, self.inputs, self.outputs, self.kernel, self.stride = name, inputs, outputs, kernel, stride
        bound, shape = (inputs * kernel**2) ** -0.5, (outputs, inputs, kernel, kernel)
        self.weight = Slot(f"{name}.weight", copies, shape, uniform(bound, *shape))
        self.bias = Slot(f"{name}.bias", copies, (outputs,), uniform(bound, outputs)) if bias else None
        self.slots = (self.weight, self.bias) if self.bias else (self.weight,)

    def __call__(
        self, theta: Theta, x: Float[Tensor, "r c b i h w"], adapt: Adapter | None = None
    ) -> Float[Tensor, "r c b o h w"]:
        y = convolve(x, theta[self.weight], theta[self.bias] if self.bias else None, self.stride)
        return adapt(self, theta, x, y) if adapt else y

    def low_rank(self, copies: tuple[Copy, ...], rank: int) -> LowRankConvolution:
        """Corrections of rank ``rank`` to this layer, a bank of their own."""
        return LowRankConvolution(self, copies, rank)


class LowRankConvolution:
    """B * (A * x): a convolution to ``rank`` channels and a 1 × 1 one from there to the outputs, B = 0 at the start.

    As a matrix from patches to outputs, W + B A differs from W by rank ``rank``.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022, section 4.1, whose products
    become convolutions.
    """

    def __init__(self, layer: Convolution, copies: tuple[Copy, ...], rank: int) -> None:
        first, second = (rank, layer.inputs, layer.kernel, layer.kernel), (layer.outputs, rank, 1, 1)
        bound = (layer.inputs * layer.kernel**2) ** -0.5
        self.down = Slot(f"{layer.name}.down", copies, first, uniform(bound, *first))
        self.up = Slot(f"{layer.name}.up", copies, second, constant(0.0, *second))
        self.slots = (self.down, self.up)
        self._stride = layer.stride

    def __call__(self, theta: Theta, x: Float[Tensor, "r c b i h w"]) -> Float[Tensor, "r c b o h w"]:
        return convolve(convolve(x, theta[self.down], None, self._stride), theta[self.up])


def convolve(
    x: Float[Tensor, "r c b i h w"],
    weight: Float[Tensor, "r c o i k k"],
    bias: Float[Tensor, "r c o"] | None = None,
    stride: int = 1,
) -> Float[Tensor, "r c b o h w"]:
    """Every copy's own convolution.

    The result lies in memory with the examples outermost, ``[b r c o h w]``, as a grouped convolution takes and gives
    it: as long as it stays like that, nothing is moved between layers.
    """
    copies, outputs = weight.shape[1:3]
    if copies > 1 and x.stride(1) == 0:  # one signal for all copies: to a convolution these are further outputs
        x, weight = x[:, :1], weight.flatten(1, 2).unsqueeze(1)
        bias = None if bias is None else bias.flatten(1, 2).unsqueeze(1)
    fewest, most = sorted((x.shape[3], outputs))
    together = x.is_cuda or (fewest >= _FEWEST and most <= _MOST)
    y = (_grouped if together else _one_by_one)(x, weight, bias, stride)
    return y.unflatten(1, (len(x), copies, outputs)).movedim(0, 2)


def _grouped(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Float[Tensor, "b rco h w"]:
    """All copies as the groups of one convolution."""
    replicas, signals, examples, inputs, height, width = x.shape
    return conv2d(
        x.movedim(2, 0).reshape(examples, replicas * signals * inputs, height, width),
        weight.flatten(0, 2),
        None if bias is None else bias.flatten(),
        stride,
        padding=weight.shape[-1] // 2,
        groups=replicas * signals,
    )


def _one_by_one(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Float[Tensor, "b rco h w"]:
    """A convolution for every copy."""
    signals = [signal for row in x.unbind() for signal in row.unbind()]
    weights = weight.flatten(0, 1).unbind()
    biases = [None] * len(weights) if bias is None else bias.flatten(0, 1).unbind()
    padding = weight.shape[-1] // 2
    each = zip(signals, weights, biases, strict=True)
    return torch.stack([conv2d(*operands, stride, padding) for operands in each], dim=1).flatten(1, 2)
