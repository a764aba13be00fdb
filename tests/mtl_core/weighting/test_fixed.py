"""Constant weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.gradients.scales import scaled
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps, from_losses


def test_weights_are_what_was_asked_for_times_the_number_of_tasks() -> None:
    asked = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.25] * 4, [1.0, 0.0, 0.0, 0.0]])
    weights, _ = from_losses(find("weighting", "fixed").cls(ALL, weights=asked), [LOSSES])
    torch.testing.assert_close(weights, 4 * asked)
    torch.testing.assert_close(scaled(weights, EVERYBODY, "matched"), asked)


def test_weights_may_be_written_out() -> None:
    expected = torch.tensor([[0.4, 0.8, 1.2, 1.6]]).expand(3, -1)
    for asked in ([0.1, 0.2, 0.3, 0.4], (0.1, 0.2, 0.3, 0.4)):
        torch.testing.assert_close(
            from_losses(find("weighting", "fixed").cls(ALL, weights=asked), [LOSSES])[0], expected
        )
    assert torch.equal(from_losses(find("weighting", "fixed").cls(ALL), [LOSSES])[0], torch.ones(3, 4))


@pytest.mark.parametrize("asked", [[0.5, 0.5], [5, -3, 0, -1], [0.1] * 4, 3.0, "even", ["a", "b", "c", "d"]], ids=str)
def test_what_is_no_point_of_the_simplex_is_refused(asked: Any) -> None:
    with pytest.raises(ValueError, match="4 weights from 0 up that add up to 1, one for each task; found weights="):
        find("weighting", "fixed").cls(ALL, weights=asked)


def test_golden_values() -> None:
    asked = torch.tensor([[0.1, 0.2, 0.3, 0.4]])
    assert after_three_steps("fixed", weights=asked) == pytest.approx([0.4, 0.8, 1.2, 1.6], rel=1e-5)
