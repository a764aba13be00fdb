"""Constant weights."""

from __future__ import annotations

import pytest
import torch

from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps, from_losses
from mtl_core.weighting import scaled


def test_weights_are_what_was_asked_for_times_the_number_of_tasks() -> None:
    asked = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.25] * 4, [1.0, 0.0, 0.0, 0.0]])
    weights, _ = from_losses(find("weighting", "fixed").cls(ALL, weights=asked), [LOSSES])
    torch.testing.assert_close(weights, 4 * asked)
    torch.testing.assert_close(scaled(weights, EVERYBODY, "matched"), asked)


def test_golden_values() -> None:
    asked = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    assert after_three_steps("fixed", weights=asked) == pytest.approx([0.4, 0.8, 1.2, 1.6], rel=1e-5)
