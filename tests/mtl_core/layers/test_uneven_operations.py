"""What runs inside the block is recorded; powers with whole exponents are even."""

from __future__ import annotations

import torch

from mtl_core.layers.uneven_operations import RecordedOperations


def test_uneven_operations_are_recorded_forward_and_backward() -> None:
    x = torch.ones(3).requires_grad_()
    with RecordedOperations() as even:
        ((x**2).exp() + x.tanh() + x.relu()).sum().backward()
    assert even.uneven == []
    with RecordedOperations() as recorded:
        torch.sigmoid(x).sum().backward()
        x.pow(0.5)
    assert recorded.uneven == ["sigmoid", "sigmoid", "pow"]
