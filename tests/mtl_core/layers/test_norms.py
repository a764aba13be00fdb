"""Layer norm as a bank, against torch's own."""

from __future__ import annotations

import pytest
import torch

from mtl_core.layers.bank import private
from mtl_core.layers.norms import LayerNorm

NORM = LayerNorm("norm", private(("a", "b")), 6)


@pytest.mark.parametrize("between", [(5,), (5, 3)])
def test_each_copy_is_an_ordinary_layer_norm(between: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    theta = {slot: torch.randn(3, 2, 6, generator=generator) for slot in NORM.slots}
    x = 4 * torch.randn(3, 2, *between, 6, generator=generator) + 2
    y = NORM(theta, x)
    for row in range(3):
        for copy in range(2):
            gain, shift = theta[NORM.gain][row, copy], theta[NORM.shift][row, copy]
            expected = torch.nn.functional.layer_norm(x[row, copy], (6,), gain, shift)
            torch.testing.assert_close(y[row, copy], expected)


def test_initial_gain_and_shift_only_standardise() -> None:
    theta = {slot: slot.initialise(torch.Generator()).expand(1, 2, 6) for slot in NORM.slots}
    y = NORM(theta, torch.randn(1, 2, 7, 6))
    torch.testing.assert_close(y.mean(dim=3), torch.zeros(1, 2, 7), rtol=0, atol=1e-6)
    torch.testing.assert_close(y.var(dim=3, correction=0), torch.ones(1, 2, 7), rtol=0, atol=1e-3)
