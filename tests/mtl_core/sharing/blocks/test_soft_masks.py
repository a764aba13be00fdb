"""Soft attention masks, wherever the features stand, and their gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import Theta, private
from mtl_core.sharing.blocks.soft_masks import Masked, SoftMask

COPIES = private(("ant", "bee"))


def drawn(layer: SoftMask) -> Theta:
    generator = torch.Generator().manual_seed(4)
    return {slot: torch.randn(2, 2, *slot.shape, generator=generator) for slot in layer.slots}


def by_definition(layer: SoftMask, theta: Theta, seen: Tensor) -> Tensor:
    def affine(part: object, x: Tensor) -> Tensor:
        bias = theta[part.bias].view(2, 2, *[1] * (x.ndim - 3), -1)
        return torch.einsum("rc...i,rcio->rc...o", x, theta[part.weight]) + bias

    return torch.sigmoid(affine(layer.write, torch.relu(affine(layer.read, seen))))


@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize("context", [0, 3])
@pytest.mark.parametrize(
    ("places", "axis"), [((), -1), ((7,), -1), ((2, 3), 3)], ids=["features", "tokens", "channels"]
)
@pytest.mark.usefixtures("double")
def test_a_mask_reads_signal_and_context_at_its_place(
    places: tuple[int, ...], axis: int, context: int, signals: int
) -> None:
    layer = SoftMask("attention", COPIES, 4, context, axis)
    theta = drawn(layer)

    def signal(number: int, features: int) -> Tensor:
        values = torch.randn(2, number, 5, *places, features, generator=torch.Generator().manual_seed(features))
        return values.requires_grad_()

    s, g = signal(signals, 4), signal(2, 3) if context else None
    own = s.expand(-1, 2, *[-1] * (s.ndim - 2))
    expected = by_definition(layer, theta, own if g is None else torch.cat([own, g], dim=-1)) * own
    found = layer(theta, s.movedim(-1, axis), None if g is None else g.movedim(-1, axis)).movedim(axis, -1)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    leaves, cotangent = [s] if g is None else [s, g], torch.randn_like(found)
    wanted = torch.autograd.grad(expected, leaves, cotangent)
    for one, other in zip(torch.autograd.grad(found, leaves, cotangent), wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_mask_lies_between_0_and_1_at_extremes() -> None:
    z = torch.tensor([[[[-1e4, -90.0, 0.0, 90.0, 1e4]]]], requires_grad=True)
    s = torch.ones_like(z, requires_grad=True)
    masked, mask = Masked.apply(z, s)
    assert torch.equal(masked, mask)
    assert mask.flatten().tolist() == [0.0, pytest.approx(0.0, abs=1e-38), 0.5, 1.0, 1.0]
    through_z, through_s = torch.autograd.grad(masked.sum(), (z, s))
    assert through_z.flatten().tolist() == [0.0, pytest.approx(0.0, abs=1e-38), 0.25, 0.0, 0.0]
    assert torch.equal(through_s, mask)


def test_several_cotangents_go_back_at_once() -> None:
    generator = torch.Generator().manual_seed(6)
    z, s = (torch.randn(2, copies, 5, 4, generator=generator, requires_grad=True) for copies in (3, 1))
    masked, _ = Masked.apply(z, s)
    cotangents = torch.randn(4, *masked.shape, generator=generator)
    together = torch.autograd.grad(masked, (z, s), cotangents, is_grads_batched=True, retain_graph=True)
    for place, cotangent in enumerate(cotangents):
        alone = torch.autograd.grad(masked, (z, s), cotangent, retain_graph=True)
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[place], other)
