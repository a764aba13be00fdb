"""Soft attention masks, wherever the features stand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.layers.bank import Theta, private
from mtl_core.layers.soft_mask import SoftMask

COPIES = private(("ant", "bee"))


def drawn(layer: SoftMask) -> Theta:
    generator = torch.Generator().manual_seed(4)
    return {slot: torch.randn(2, 2, *slot.shape, generator=generator) for slot in layer.slots}


def by_definition(layer: SoftMask, theta: Theta, seen: Tensor) -> Tensor:
    def affine(part: object, x: Tensor) -> Tensor:
        bias = theta[part.bias].view(2, 2, *[1] * (x.ndim - 3), -1)
        return torch.einsum("rc...i,rcio->rc...o", x, theta[part.weight]) + bias

    return torch.sigmoid(affine(layer.write, torch.relu(affine(layer.read, seen))))


@pytest.mark.parametrize("context", [0, 3])
@pytest.mark.parametrize(
    ("places", "axis"), [((), -1), ((7,), -1), ((2, 3), 3)], ids=["features", "tokens", "channels"]
)
def test_a_mask_reads_signal_and_context_at_its_place(places: tuple[int, ...], axis: int, context: int) -> None:
    layer = SoftMask("attention", COPIES, 4, context, axis)
    theta = drawn(layer)

    def signal(features: int) -> Tensor:
        return torch.randn(2, 2, 5, *places, features, generator=torch.Generator().manual_seed(features))

    s, g = signal(4), signal(3) if context else None
    expected = by_definition(layer, theta, s if g is None else torch.cat([s, g], dim=-1)).movedim(-1, axis)
    mask = layer(theta, s.movedim(-1, axis), None if g is None else g.movedim(-1, axis))
    torch.testing.assert_close(mask, expected)


def test_a_mask_lies_between_0_and_1_at_extremes() -> None:
    layer = SoftMask("attention", COPIES, 4)
    theta = {slot: 1e4 * value for slot, value in drawn(layer).items()}
    mask = layer(theta, torch.randn(2, 2, 5, 4))
    assert mask.isfinite().all()
    assert set(mask.unique().tolist()) == {0.0, 1.0}
