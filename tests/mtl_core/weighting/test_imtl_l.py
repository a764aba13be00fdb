"""Impartial loss balance."""

from __future__ import annotations

import pytest
import torch

from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, after_three_steps, from_losses, method
from mtl_core.weighting import FLOOR


def test_it_settles_where_every_scaled_loss_is_one() -> None:
    """The paper's claim: e^{s_i} L_i = 1 for all tasks, whatever their units."""
    weights, state = from_losses(
        find("weighting", "imtl_l").cls(ALL, step_size=torch.full((3, 1), 1e-2)), [LOSSES] * 6000
    )
    torch.testing.assert_close(weights * LOSSES, torch.ones(3, 4), rtol=1e-3, atol=0)
    torch.testing.assert_close(state["log_scale"], -LOSSES.log(), rtol=0, atol=1e-3)


def test_it_follows_adam_on_its_objective() -> None:
    s = torch.zeros(3, 4, requires_grad=True)
    adam = torch.optim.Adam([s], lr=0.05)
    weighting = find("weighting", "imtl_l").cls(ALL, step_size=0.05)
    sequence = [LOSSES * (1 + step % 3) for step in range(25)]
    for step, losses in enumerate(sequence):
        weights, _ = from_losses(weighting, sequence[: step + 1])
        torch.testing.assert_close(weights, s.exp().detach(), rtol=1e-4, atol=1e-6)
        adam.zero_grad()
        (s.exp() * losses - s).sum().backward()
        adam.step()


def test_a_task_that_is_learnt_perfectly_does_not_drive_its_scale_to_infinity() -> None:
    weights, state = from_losses(method("imtl_l"), [torch.zeros(3, 4)] * 6000)
    assert weights.isfinite().all()
    assert (weights <= 1.1 / FLOOR).all()
    assert all(value.isfinite().all() for value in state.values())


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("imtl_l") == pytest.approx([1.0074692, 1.0201523, 0.98886275, 1.0200528], rel=1e-5)
