"""The affine layer and its low-rank correction, against plain matrix products."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import private
from mtl_core.layers.linear import Linear

LAYER = Linear("affine", private(("a", "b")), 3, 4)


def theta(slots: tuple) -> dict:
    generator = torch.Generator().manual_seed(1)
    return {slot: torch.randn(3, 2, *slot.shape, generator=generator) for slot in slots}


@pytest.mark.parametrize("between", [(5,), (5, 6)])
def test_each_copy_is_an_ordinary_affine_layer(between: tuple[int, ...]) -> None:
    values, x = theta(LAYER.slots), torch.randn(3, 2, *between, 3)
    y = LAYER(values, x)
    for row in range(3):
        for copy in range(2):
            weight, bias = values[LAYER.weight][row, copy], values[LAYER.bias][row, copy]
            torch.testing.assert_close(y[row, copy], torch.nn.functional.linear(x[row, copy], weight.T, bias))


def test_the_activation_comes_after_the_adapter() -> None:
    values, x = theta(LAYER.slots), torch.randn(3, 2, 5, 3)
    y = LAYER(values, x)
    assert torch.equal(LAYER(values, x, torch.relu_), y.clamp(min=0))
    negated = LAYER(values, x, torch.relu_, adapt=lambda layer, theta, x, y: -y)
    assert torch.equal(negated, (-y).clamp(min=0))


def test_initial_values_are_those_of_torch_by_default() -> None:
    layer = Linear("wide", private(("a",)), 100, 200)
    weight, bias = (slot.initialise(torch.Generator().manual_seed(0)) for slot in layer.slots)
    assert weight.abs().max() <= 0.1
    assert bias.abs().max() <= 0.1
    assert weight.abs().max() > 0.099


def test_a_low_rank_correction_is_zero_at_first_and_of_its_rank_later() -> None:
    correction = LAYER.low_rank(private(("a", "b")), 2)
    generator, x = torch.Generator().manual_seed(2), torch.eye(3).expand(3, 2, 3, 3)
    first = {slot: slot.initialise(generator).expand(3, 2, *slot.shape) for slot in correction.slots}
    assert not correction(first, x).any()
    values = theta(correction.slots)
    matrix = correction(values, x)
    torch.testing.assert_close(matrix, values[correction.down] @ values[correction.up])
    assert (torch.linalg.matrix_rank(matrix) == 2).all()
