"""Equal weights."""

from __future__ import annotations

from mtl_core.gradients.scales import scaled
from mtl_core.testing.weighting_steps import EVERYBODY, LOSSES, after_three_steps, from_losses, method


def test_every_task_weighs_one_or_its_share() -> None:
    weights, state = from_losses(method("equal"), [LOSSES])
    assert state == {}
    assert (weights == 1).all()
    assert (scaled(weights, EVERYBODY, "matched") == 0.25).all()
    assert after_three_steps("equal") == [1.0] * 4
