"""The geometric mean of the losses."""

from __future__ import annotations

import pytest
import torch

from mtl_core.testing.weighting_steps import LOSSES, after_three_steps, from_losses, method
from mtl_core.weighting import FLOOR


def test_weights_are_the_gradient_of_the_geometric_mean(double: None) -> None:
    losses = LOSSES.double().requires_grad_()
    (gradient,) = torch.autograd.grad((losses.prod(dim=1) ** (1 / 4)).sum(), losses)
    weights, state = from_losses(method("geometric"), [losses.detach()])
    torch.testing.assert_close(weights, gradient)
    assert state == {}


def test_an_absent_task_is_not_in_the_mean(double: None) -> None:
    present = torch.tensor([[True, False, True, True], [True] * 4, [False, False, True, False]])
    losses = LOSSES.double().requires_grad_()
    means = torch.where(present, losses, 1.0).prod(dim=1) ** (1 / present.sum(dim=1))
    (gradient,) = torch.autograd.grad(means.sum(), losses)
    weights, _ = from_losses(method("geometric"), [losses.detach()], present)
    torch.testing.assert_close(weights, torch.where(present, gradient, 0.0))
    assert (weights[2] == torch.tensor([0, 0, 1, 0])).all()


def test_the_unit_of_a_loss_does_not_matter() -> None:
    """A loss in other units gets the weight that undoes it, up to a factor common to all tasks."""
    units = torch.tensor([1e3, 1.0, 1e-3, 10.0])
    weights, _ = from_losses(method("geometric"), [LOSSES])
    other, _ = from_losses(method("geometric"), [units * LOSSES])
    products, others = weights * LOSSES, other * units * LOSSES
    torch.testing.assert_close(products / products[:, :1], torch.ones(3, 4))
    torch.testing.assert_close(others / others[:, :1], torch.ones(3, 4))


def test_losses_far_apart_neither_overflow_nor_vanish() -> None:
    """Where the product itself would be 0 or infinite in single precision."""
    losses = torch.tensor([[1e15] * 4, [1e-11] * 4, [1e15, 1e15, 1e-11, 1e-11]])
    weights, _ = from_losses(method("geometric"), [losses])
    expected = torch.exp(losses.double().log().mean(dim=1, keepdim=True) - losses.double().log()) / 4
    torch.testing.assert_close(weights, expected.float(), rtol=1e-4, atol=0)
    assert not torch.isclose(losses.prod(dim=1), expected.prod(dim=1).float()).any()


def test_a_loss_of_nothing_counts_for_the_floor() -> None:
    nothing, floor = ([torch.tensor([[value, 1.0, 1.0, 1.0]])] for value in (0.0, FLOOR))
    assert torch.equal(from_losses(method("geometric"), nothing)[0], from_losses(method("geometric"), floor)[0])


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("geometric") == pytest.approx([0.014377042, 57.508175, 0.08215452, 0.057508163], rel=1e-5)
