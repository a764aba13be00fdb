"""Matrix products and convolutions of factors that are rounded to bfloat16, forward and backward.

Layers give float32 and get float32: bfloat16 exists inside a product only.  Automatic casts, ``torch.autocast``, would
hand bfloat16 to whatever follows a product and round the inner products of task gradients as well.

A GPU multiplies bfloat16 itself and sums up in float32.  Elsewhere the rounded factors are multiplied in the precision
that they had, which gives the same products of the same numbers, slowly.  cuDNN returns convolutions in bfloat16, so
that on a GPU their results are rounded once more.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.precision import factors_are_rounded


def product(a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"]) -> Float[Tensor, "q m n"]:
    """Return a b, with rounded factors inside :func:`mtl_core.layers.precision.products_in` of ``bf16``."""
    return rounded_product(a, b) if factors_are_rounded() else a.bmm(b)


def rounded_product(a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"]) -> Float[Tensor, "q m n"]:
    """Return a b of factors rounded to bfloat16; its backward pass rounds the gradient as well.

    The gradient of b lies in memory as b does, so that what comes before a transposed factor need not stride.
    """
    return cast(Tensor, _Product.apply(a, b))


def rounded_convolution(
    x: Float[Tensor, "b gi h w"], weight: Float[Tensor, "go i k k"], stride: int, groups: int = 1
) -> Float[Tensor, "b go h2 w2"]:
    """Return the convolution of factors rounded to bfloat16, padded as :func:`mtl_core.layers.conv.convolve` does.

    Args:
        x: inputs of g groups.
        weight: kernels of g groups, with an odd side.
        stride: stride in both directions.
        groups: g.
    """
    return cast(Tensor, _Convolution.apply(x, weight, stride, groups))


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.dtype = a.dtype
        a, b = a.bfloat16(), b.bfloat16()
        ctx.save_for_backward(a, b)
        return _multiplied(a, b, ctx.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        (a, b), gradient = ctx.saved_tensors, gradients[0].bfloat16()
        needs_a, needs_b = ctx.needs_input_grad
        of_a = _multiplied(gradient, b.mT, ctx.dtype) if needs_a else None
        if not needs_b:
            return of_a, None
        if b.stride(1) < b.stride(2):
            return of_a, _multiplied(gradient.mT, a, ctx.dtype).mT
        return of_a, _multiplied(a.mT, gradient, ctx.dtype)


def _multiplied(a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"], dtype: torch.dtype) -> Float[Tensor, "q m n"]:
    """The product of bfloat16 matrices, summed up and returned in ``dtype``."""
    if a.is_cpu or dtype is not torch.float32:
        return a.to(dtype).bmm(b.to(dtype))
    return torch.ops.aten.bmm.dtype(a, b, dtype)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int, groups: int) -> Tensor:
        ctx.dtype, ctx.groups, ctx.stride, ctx.padding = x.dtype, groups, [stride] * 2, [weight.shape[-1] // 2] * 2
        x, weight = x.bfloat16(), weight.bfloat16()
        ctx.save_for_backward(x, weight)
        x, weight = (_in_the_precision_of_the_device(one, ctx.dtype) for one in (x, weight))
        return torch.conv2d(x, weight, None, ctx.stride, ctx.padding, groups=groups).to(ctx.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        tensors = (gradients[0].bfloat16(), *ctx.saved_tensors)
        factors = [_in_the_precision_of_the_device(one, ctx.dtype) for one in tensors]
        wanted = (*ctx.needs_input_grad[:2], False)
        of_x, of_weight, _ = torch.ops.aten.convolution_backward(
            *factors, None, ctx.stride, ctx.padding, [1, 1], False, [0, 0], ctx.groups, wanted
        )
        widened = (None if one is None else one.to(ctx.dtype) for one in (of_x, of_weight))
        return (*widened, None, None)  # type: ignore[return-value]


def _in_the_precision_of_the_device(rounded: Tensor, dtype: torch.dtype) -> Tensor:
    """A rounded factor as the device convolves it: a GPU in bfloat16, others in the precision that it had."""
    return rounded.to(dtype) if rounded.is_cpu or dtype is not torch.float32 else rounded
