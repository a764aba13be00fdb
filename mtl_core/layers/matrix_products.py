"""Products of batches of matrices by the library that is faster on the CPU at hand, in full float32.

PyTorch multiplies batches of float32 matrices with MKL, which leaves half of the vector units of some processors idle.
Its wheels carry oneDNN as well, which uses all of them and takes about 12 microseconds a call more.  PyTorch gives
float32 matrices to oneDNN only where it may round them to bfloat16.  On most processors oneDNN has no such product of
float32 matrices, and computes in float32 all the same; :func:`onednn_is_exact` tries that out, and where oneDNN rounds
it is not used.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from mtl_core.layers.precision import factors_are_rounded
from mtl_core.layers.rounded_products import rounded_product

WORTH_A_CALL = 40_000
"""Multiply-adds of one product of two matrices from which :func:`bmm` and :func:`baddbmm` use oneDNN.  The number of
products in the batch does not count, since a replica's bits must not depend on its neighbours."""
WORTH_A_BACKWARD_PASS = 150_000
"""Multiply-adds from which :func:`affine` uses it: its backward pass in Python costs some 20 microseconds more."""


def is_by_onednn(a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"], worth: int = WORTH_A_CALL) -> bool:
    """Return whether oneDNN multiplies these matrices: products of at least ``worth`` multiply-adds in float32.

    Not while PyTorch traces a network: what it traces is to hold for any number of rows.
    """
    if torch.compiler.is_compiling():
        return False
    is_large = a.shape[1] * a.shape[2] * b.shape[2] >= worth
    return is_large and a.is_cpu and a.dtype is torch.float32 and onednn_is_exact()


def bmm(a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"]) -> Float[Tensor, "q m n"]:
    """Return a b."""
    if not is_by_onednn(a, b):
        return a.bmm(b)
    with ONEDNN:
        return a.bmm(b)


def baddbmm(bias: Tensor, a: Float[Tensor, "q m k"], b: Float[Tensor, "q k n"]) -> Float[Tensor, "q m n"]:
    """Return a b + bias, of a bias whose shape broadcasts to that of the product."""
    if not is_by_onednn(a, b):
        return torch.baddbmm(bias, a, b)
    with ONEDNN:
        return torch.baddbmm(bias, a, b)


def affine(
    bias: Float[Tensor, "q 1 n"], x: Float[Tensor, "q m k"], weight: Float[Tensor, "q k n"]
) -> Float[Tensor, "q m n"]:
    """Return x weight + bias, with the gradients by the same library.

    Factors are rounded inside :func:`mtl_core.layers.precision.products_in` of ``bf16``.
    """
    if factors_are_rounded():
        return rounded_product(x, weight).add_(bias)
    if is_by_onednn(x, weight, WORTH_A_BACKWARD_PASS):
        return cast(Tensor, _Affine.apply(bias, x, weight))
    return torch.baddbmm(bias, x, weight)


class _Affine(torch.autograd.Function):
    """The affine map whose backward pass is oneDNN's, too; that of PyTorch's own map would take the usual library."""

    @staticmethod
    def forward(ctx: Any, bias: Tensor, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        with ONEDNN:
            return torch.baddbmm(bias, x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        (gradient,), (x, weight) = gradients, ctx.saved_tensors
        needs_bias, needs_x, needs_weight = ctx.needs_input_grad
        with ONEDNN:
            of_x = gradient.bmm(weight.transpose(1, 2)) if needs_x else None
            of_weight = x.transpose(1, 2).bmm(gradient) if needs_weight else None
        return gradient.sum(dim=1, keepdim=True) if needs_bias else None, of_x, of_weight


class _OneDnn:
    """A context in which PyTorch gives products of float32 matrices to oneDNN."""

    def __init__(self) -> None:
        self.setting: Any = getattr(torch.backends.mkldnn, "matmul", None)  # since PyTorch 2.9
        self.is_on = False
        self._before = ""

    def on(self) -> None:
        """Give products of matrices to oneDNN from now on."""
        self._before, self.is_on = self.setting.fp32_precision, True
        self.setting.fp32_precision = "bf16"

    def off(self) -> None:
        """Give them to whom they were given before, if this object changed that."""
        if self.is_on:
            self.setting.fp32_precision, self.is_on = self._before, False

    def __enter__(self) -> None:
        self.on()

    def __exit__(self, *_: object) -> None:
        self.off()


ONEDNN = _OneDnn()


@cache
def onednn_is_exact() -> bool:
    """Return whether oneDNN is there and multiplies float32 matrices in float32 where it may round to bfloat16."""
    if ONEDNN.setting is None or not torch.backends.mkldnn.is_available():
        return False
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(2, 64, 64, generator=generator, dtype=torch.float64) for _ in range(2))
    with ONEDNN:
        found = a.float().bmm(b.float())
    return is_float32(found, a.bmm(b))


def is_float32(found: Float[Tensor, "*s"], exact: Float[Tensor, "*s"]) -> bool:
    """Return whether sums of up to some hundred products of about 1 are as near to ``exact`` as float32 brings them.

    Errors are some 1e-5 in float32, 1e-2 with factors of 10 bits (TF32) and 1e-1 with 7 (bfloat16).
    """
    return bool((found.double() - exact).abs().max() < 1e-3)
