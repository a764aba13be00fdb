"""Soft optimal uncertainty weighting."""

from __future__ import annotations

import pytest
import torch

from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, after_three_steps, from_losses

CLS = find("weighting", "uw_so").cls
POSITIVE = LOSSES + 0.2


@pytest.mark.parametrize("temperature", [0.3, 1.0, 7.0])
def test_weights_are_the_softmax_of_the_inverse_losses_over_the_temperature(temperature: float, double: None) -> None:
    losses = POSITIVE.double()
    weights, state = from_losses(CLS(ALL, temperature=temperature), [losses])
    powers = torch.exp(1 / losses / temperature)
    torch.testing.assert_close(weights, powers / powers.sum(dim=1, keepdim=True))
    assert state == {}


def test_without_the_softmax_it_would_be_the_optimum_of_uncertainty_weighting(double: None) -> None:
    """For losses that hardly differ, log w is linear in 1/L, as the logarithm of w ∝ 1/L is to first order."""
    losses = 1 + 1e-5 * torch.tensor([[0.0, 1.0, 2.0, 3.0]], dtype=torch.float64)
    found, _ = from_losses(CLS(ALL, temperature=1.0), [losses])
    # the optimum of Σ L_i / s_i + log s_i over s is s_i = L_i, whose weights are 1 / L_i
    variances = losses.clone().requires_grad_()
    (slope,) = torch.autograd.grad((losses / variances + variances.log()).sum(), variances)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
    optimum = (1 / losses) / (1 / losses).sum()
    torch.testing.assert_close(found, optimum, rtol=1e-9, atol=0)


def test_a_large_temperature_is_equal_and_a_small_one_serves_the_smallest_loss() -> None:
    even, _ = from_losses(CLS(ALL, temperature=1e6), [POSITIVE])
    torch.testing.assert_close(even, torch.full((3, 4), 0.25), rtol=1e-4, atol=0)
    sharp, _ = from_losses(CLS(ALL, temperature=1e-3), [POSITIVE])
    assert torch.equal(sharp.argmax(dim=1), POSITIVE.argmin(dim=1))
    torch.testing.assert_close(sharp[0].amax(), torch.tensor(1.0))


def test_an_absent_task_has_no_part() -> None:
    present = torch.tensor([[True, False, True, True]] * 3)
    weights, _ = from_losses(CLS(ALL), [POSITIVE], present)
    alone, _ = from_losses(CLS([ALL[i] for i in (0, 2, 3)]), [POSITIVE[:, [0, 2, 3]]])
    torch.testing.assert_close(weights[:, [0, 2, 3]], alone)
    assert (weights[:, 1] == 0).all()


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("uw_so", temperature=100.0) == pytest.approx(
        [4.5507295e-05, 0.99986255, 4.60468400e-05, 4.58499126e-05], rel=1e-5
    )
