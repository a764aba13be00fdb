"""The constant with the least mean loss, held against means, medians and quantiles."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.data.own_losses.best_constant import best_constant

VALUES = torch.randn(501, generator=torch.Generator().manual_seed(0)).exp()


def test_of_squares_it_is_the_mean_and_of_entropy_the_shares() -> None:
    found = best_constant(lambda constant: (constant - VALUES).square().mean(), torch.zeros(1))
    torch.testing.assert_close(found, VALUES.mean().view(1), rtol=1e-5, atol=1e-6)
    labels = torch.arange(100) % 10 // 4
    found = best_constant(lambda one: -one.log_softmax(0)[labels].mean(), torch.zeros(3))
    torch.testing.assert_close(found.softmax(0), torch.tensor([0.4, 0.4, 0.2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_of_a_loss_with_kinks_it_is_about_the_quantile(level: float) -> None:
    def pinball(constant: Tensor) -> Tensor:
        return torch.maximum(level * (VALUES - constant), (level - 1) * (VALUES - constant)).mean()

    found, best = best_constant(pinball, torch.zeros(1)), VALUES.quantile(level).view(1)
    assert pinball(found).item() == pytest.approx(pinball(best).item(), rel=1e-3)


def test_it_is_never_worse_than_the_start() -> None:
    start = torch.tensor([2.0])
    assert best_constant(lambda constant: constant.sum() * torch.nan, start) is start
    assert best_constant(lambda constant: (constant.detach() * 0 + constant * 0).sum(), start) is start
