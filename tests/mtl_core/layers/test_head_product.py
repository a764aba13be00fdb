"""The narrow heads' product and its gradient."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.head_product import ClassMajorProduct, class_major

pytestmark = pytest.mark.usefixtures("double")


def operands() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(*shape, generator=generator, requires_grad=True) for shape in ((3, 4, 1), (3, 4, 5), (3, 6, 5))]


def test_it_is_the_affine_map() -> None:
    bias, weight, h = operands()
    torch.testing.assert_close(ClassMajorProduct.apply(bias, weight, h), weight @ h.transpose(1, 2) + bias)


def test_its_gradient_is_right() -> None:
    assert torch.autograd.gradcheck(ClassMajorProduct.apply, operands())


def test_the_gradient_of_the_signal_is_contiguous() -> None:
    bias, weight, h = operands()
    (gradient,) = torch.autograd.grad(ClassMajorProduct.apply(bias, weight, h).sum(), h)
    assert gradient.is_contiguous()


def test_gradients_of_several_losses_come_from_one_batched_pass() -> None:
    leaves = operands()
    z = ClassMajorProduct.apply(*leaves)
    seen = torch.stack([torch.ones_like(z), 2 * torch.ones_like(z)])
    batched = torch.autograd.grad(z, leaves, seen, is_grads_batched=True, retain_graph=True)
    for found, expected in zip(batched, torch.autograd.grad(z, leaves, seen[1]), strict=True):
        torch.testing.assert_close(found[1], expected)


@pytest.mark.parametrize(("copies", "signals"), [(3, 1), (1, 3), (3, 3), (1, 1)])
def test_copies_meet_signals(copies: int, signals: int) -> None:
    generator = torch.Generator().manual_seed(0)
    bias, weight, x = (
        torch.randn(2, *shape, generator=generator) for shape in ((copies, 4), (copies, 4, 5), (signals, 6, 5))
    )
    found = class_major(bias, weight, x)
    assert found.shape == (2, max(copies, signals), 4, 6)
    for place in range(found.shape[1]):
        copy, signal = min(place, copies - 1), min(place, signals - 1)
        expected = weight[:, copy] @ x[:, signal].transpose(1, 2) + bias[:, copy, :, None]
        torch.testing.assert_close(found[:, place], expected)
