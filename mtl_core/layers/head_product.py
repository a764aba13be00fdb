"""The product of narrow heads and gates, with the dimension of classes before that of examples."""

from __future__ import annotations

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.matrix_products import baddbmm, bmm
from mtl_core.layers.precision import factors_are_rounded
from mtl_core.layers.rounded_products import rounded_product


class ClassMajorProduct(torch.autograd.Function):
    """The product z = b + W hᵀ for q matrices: W ``[q, k, d]`` and h ``[q, b, d]`` give z ``[q, k, b]``.

    Autograd would return the gradient of h in transposed memory order, which makes the backward passes of the layers
    before the heads slow (activations: ten times).  This function computes it as gᵀ W, in the memory order of h.
    """

    @staticmethod
    def forward(
        ctx: Any, bias: Float[Tensor, "q k 1"], weight: Float[Tensor, "q k d"], h: Float[Tensor, "q b d"]
    ) -> Float[Tensor, "q k b"]:
        ctx.save_for_backward(weight, h)
        return baddbmm(bias, weight, h.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, *gradients: Float[Tensor, "q k b"]) -> tuple[Tensor, Tensor, Tensor | None]:
        (gradient,), (weight, h) = gradients, ctx.saved_tensors
        back = bmm(gradient.transpose(1, 2), weight) if ctx.needs_input_grad[2] else None
        return gradient.sum(dim=2, keepdim=True), bmm(gradient, h), back


def class_major(
    bias: Float[Tensor, "r c k"], weight: Float[Tensor, "r c k d"], x: Float[Tensor, "r g b d"]
) -> Float[Tensor, "r s k b"]:
    """Return W x + b with the outputs before the examples.

    Args:
        bias: b of c copies.
        weight: W of c copies.
        x: g inputs; one input serves all copies (g = 1), one copy serves all inputs (c = 1), or each copy has its own
            input (g = c).

    Returns:
        ``[r, s, k, b]`` with s = max(c, g).
    """
    replicas, copies, outputs, features = weight.shape
    if x.shape[1] == 1:  # one input for all copies, which become one taller matrix
        product = _product(bias.reshape(replicas, -1, 1), weight.reshape(replicas, -1, features), x[:, 0])
        return product.view(replicas, copies, outputs, -1)
    if copies < x.shape[1]:  # one copy for all inputs, which become one longer batch
        product = _product(bias[:, 0].unsqueeze(2), weight[:, 0], x.flatten(1, 2))
        return product.view(replicas, outputs, x.shape[1], -1).transpose(1, 2)
    product = _product(bias.reshape(-1, outputs, 1), weight.reshape(-1, outputs, features), x.flatten(0, 1))
    return product.view(replicas, copies, outputs, -1)


def _product(bias: Tensor, weight: Tensor, x: Tensor) -> Tensor:
    if factors_are_rounded():
        return rounded_product(weight, x.transpose(1, 2)).add_(bias)
    return cast(Tensor, ClassMajorProduct.apply(bias, weight, x))
