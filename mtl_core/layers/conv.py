"""The two-dimensional convolution layer, as a bank."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

from mtl_core.layers.bank import Copy, Slot, Theta, constant, uniform
from mtl_core.layers.forward_context import Adapter
from mtl_core.layers.precision import factors_are_rounded
from mtl_core.layers.rounded_products import rounded_convolution

_FEWEST, _MOST = 8, 48
"""Numbers of channels between which a CPU runs all copies as the groups of one convolution.  With fewer, the kernel,
hence the rounding, depends on the number of groups; with more, one convolution per copy is faster."""


class Convolution:
    """Convolution, a bank: y = W * x + b for r·c copies at once.

    The kernel is k × k with k odd; x is padded with zeros so that the size stays the same (before the stride).

    Args:
        name: name of the layer, unique in the network.
        copies: copies of the layer in the bank.
        inputs, outputs: numbers of channels of x and y.
        kernel: k, the side of the kernel.
        stride: stride in both directions.
        bias: whether the layer has a bias b; a batch norm behind the layer would cancel it.
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
        """Return a bank of corrections of rank ``rank`` to this layer, or of full rank where that is less."""
        return LowRankConvolution(self, copies, rank)


class LowRankConvolution:
    """Low-rank correction B * (A * x) to a convolution, a bank; B = 0 at the start.

    A is a convolution to ``rank`` channels and B a 1 × 1 convolution from there to the outputs.

    As matrices from patches to outputs, W + B A and W differ by a matrix of rank ``rank``.

    Source: E. Hu et al., "LoRA: low-rank adaptation of large language models", ICLR 2022, section 4.1, whose products
    become convolutions.

    Args:
        layer: the convolution to correct.
        copies: copies of the correction in the bank.
        rank: number of channels between A and B; a layer with smaller patches or fewer outputs takes that number.
    """

    def __init__(self, layer: Convolution, copies: tuple[Copy, ...], rank: int) -> None:
        patch = layer.inputs * layer.kernel**2
        self.rank = min(rank, patch, layer.outputs)
        first, second = (self.rank, layer.inputs, layer.kernel, layer.kernel), (layer.outputs, self.rank, 1, 1)
        bound = patch**-0.5
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
    """Convolve the inputs of every copy with that copy's weights.

    The result lies in memory with the examples outermost, ``[b r c o h w]``, the order of a grouped convolution's input
    and output: nothing is copied between layers that keep it.

    Args:
        x: inputs; expanded from one copy where all copies read the same.
        weight: kernels of every copy.
        bias: biases of every copy.
        stride: stride in both directions.
    """
    copies, outputs = weight.shape[1:3]
    if copies > 1 and x.stride(1) == 0:  # one input for all copies: the copies become further outputs
        x, weight = x[:, :1], weight.flatten(1, 2).unsqueeze(1)
        bias = None if bias is None else bias.flatten(1, 2).unsqueeze(1)
    fewest, most = sorted((x.shape[3], outputs))
    grouped = x.is_cuda or (fewest >= _FEWEST and most <= _MOST)
    y = (_grouped if grouped else _one_by_one)(x, weight, bias, stride)
    return y.unflatten(1, (len(x), copies, outputs)).movedim(0, 2)


def _grouped(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Float[Tensor, "b rco h w"]:
    """All copies as the groups of one convolution."""
    replicas, signals, examples, inputs, height, width = x.shape
    return _convolution(
        x.movedim(2, 0).reshape(examples, replicas * signals * inputs, height, width),
        weight.flatten(0, 2),
        None if bias is None else bias.flatten(),
        stride,
        replicas * signals,
    )


def _one_by_one(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int) -> Float[Tensor, "b rco h w"]:
    """A convolution for every copy."""
    signals = [signal for row in x.unbind() for signal in row.unbind()]
    weights = weight.flatten(0, 1).unbind()
    biases = [None] * len(weights) if bias is None else bias.flatten(0, 1).unbind()
    each = zip(signals, weights, biases, strict=True)
    return torch.stack([_convolution(*operands, stride) for operands in each], dim=1).flatten(1, 2)


def _convolution(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, groups: int = 1) -> Tensor:
    if not factors_are_rounded():
        return conv2d(x, weight, bias, stride, weight.shape[-1] // 2, groups=groups)
    y = rounded_convolution(x, weight, stride, groups)
    return y if bias is None else y.add_(bias.view(-1, 1, 1))
