"""Products of batches of matrices: the same numbers by either library, and the same bits in every batch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers import matrix_products
from mtl_core.layers.matrix_products import _Affine, affine, baddbmm, bmm, is_by_onednn, is_float32, onednn_is_exact

LARGE = (6, 64, 48, 80)
"""Matrices, examples, inputs and outputs of a product that oneDNN computes."""


def operands(batch: int, rows: int, inner: int, columns: int, **options: torch.dtype | bool) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((batch, 1, columns), (batch, rows, inner), (batch, inner, columns))
    return [torch.randn(*shape, generator=generator, **options) for shape in shapes]  # type: ignore[arg-type]


def test_large_products_are_those_of_float64() -> None:
    bias, x, weight = operands(*LARGE)
    exact = x.double().bmm(weight.double())
    torch.testing.assert_close(bmm(x, weight), exact.float(), rtol=1e-5, atol=2e-5)
    torch.testing.assert_close(baddbmm(bias, x, weight), (exact + bias).float(), rtol=1e-5, atol=2e-5)


def test_gradients_of_a_large_map_are_those_of_float64() -> None:
    found, exact = operands(*LARGE, requires_grad=True), [one.double() for one in operands(*LARGE)]
    exact = [one.requires_grad_() for one in exact]
    seen = torch.randn(LARGE[0], LARGE[1], LARGE[3], generator=torch.Generator().manual_seed(1))
    gradients = torch.autograd.grad(affine(*found), found, seen)
    expected = torch.autograd.grad(torch.baddbmm(*exact), exact, seen.double())
    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one, other.float(), rtol=1e-5, atol=5e-5)


def test_the_backward_pass_is_that_of_the_map(double: None) -> None:
    assert torch.autograd.gradcheck(_Affine.apply, operands(3, 5, 4, 2, dtype=torch.float64, requires_grad=True))


def test_inputs_that_need_no_gradient_get_none() -> None:
    bias, x, weight = operands(*LARGE)
    weight.requires_grad_()
    (gradient,) = torch.autograd.grad(affine(bias, x, weight).sum(), weight)
    torch.testing.assert_close(gradient, x.sum(dim=1).unsqueeze(2).expand_as(weight), rtol=1e-4, atol=1e-4)


def test_gradients_of_several_losses_come_from_one_batched_pass() -> None:
    bias, x, weight = operands(*LARGE, requires_grad=True)
    y = affine(bias, x, weight)
    seen = torch.stack([torch.ones_like(y), 2 * torch.ones_like(y)])
    batched = torch.autograd.grad(y, [bias, x, weight], seen, is_grads_batched=True, retain_graph=True)
    for found, expected in zip(batched, torch.autograd.grad(y, [bias, x, weight], seen[1]), strict=True):
        torch.testing.assert_close(found[1], expected, rtol=1e-5, atol=5e-5)


@pytest.mark.parametrize("part", [slice(0, 2), slice(3, 6), slice(10, 11), slice(17, 40)])
@pytest.mark.parametrize("size", [(64, 48, 80), (31, 130, 70), (256, 16, 16), (64, 64, 10)])
def test_the_bits_of_a_product_do_not_depend_on_the_batch(size: tuple[int, int, int], part: slice) -> None:
    bias, x, weight = operands(40, *size)
    assert torch.equal(baddbmm(bias, x, weight)[part], baddbmm(bias[part], x[part], weight[part]))
    gradient = torch.ones(40, size[0], size[2])
    assert torch.equal(bmm(x.mT, gradient)[part], bmm(x[part].mT, gradient[part]))


def test_small_products_and_other_numbers_stay_with_pytorch() -> None:
    _, x, weight = operands(2, 64, 16, 16)
    assert not is_by_onednn(x, weight)
    _, x, weight = operands(*LARGE, dtype=torch.float64)
    assert not is_by_onednn(x, weight)
    assert not is_by_onednn(torch.empty(LARGE[:3], device="meta"), torch.empty(6, 48, 80, device="meta"))


@pytest.mark.skipif(not onednn_is_exact(), reason="oneDNN rounds on this processor, and is not used")
@pytest.mark.parametrize("precision", ["highest", "high"])
def test_the_setting_of_the_user_is_as_before_even_after_an_error(precision: str) -> None:
    """PyTorch refuses to tell its precision where its older and its newer setting contradict each other."""
    _, x, weight = operands(*LARGE)
    kept = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        assert is_by_onednn(x, weight)
        bmm(x, weight)
        assert torch.get_float32_matmul_precision() == precision
        with pytest.raises(RuntimeError):
            bmm(x, weight[:5])
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(kept)


def test_where_onednn_rounds_it_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_products, "onednn_is_exact", lambda: False)
    bias, x, weight = operands(*LARGE)
    assert not is_by_onednn(x, weight)
    assert torch.equal(affine(bias, x, weight), torch.baddbmm(bias, x, weight))


def test_products_that_were_rounded_are_told_from_float32() -> None:
    _, x, weight = operands(*LARGE)
    exact = x.double().bmm(weight.double())
    assert is_float32(x.bmm(weight), exact)
    assert not is_float32((x.bfloat16().bmm(weight.bfloat16())).float(), exact)
    rounded = (one.view(torch.int32).bitwise_and(~0x1FFF).view(torch.float32) for one in (x, weight))  # 10 bits: TF32
    assert not is_float32(torch.bmm(*rounded), exact)


def test_the_answer_is_given_once() -> None:
    assert onednn_is_exact() is onednn_is_exact()
