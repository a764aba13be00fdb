"""MoCo against vectors, and against its own claims."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import JacobianStep
from tests.mtl_core.weighting.gradients import TWO, jacobian, method, step, two_quadratics
from tests.mtl_core.weighting.solvers.test_simplex import by_bisection


@pytest.mark.usefixtures("double")
def test_it_is_the_papers_algorithm() -> None:
    beta, gamma, rho = torch.tensor([[0.3], [0.7], [1.0]]), torch.tensor([[0.4], [0.05], [1.0]]), 0.2
    weighting = method("moco", tracking=beta, step_size=gamma, regularisation=rho)
    state = weighting.start(3, 23)
    tracked, weights = torch.zeros(3, 4, 23), torch.full((3, 4), 0.25)
    for number in range(6):
        gradients = jacobian(seed=number)
        direction = step(weighting, state, [gradients], number=number)
        for row in range(3):
            share = beta[row] if number else 1.0
            tracked[row] = tracked[row] - share * (tracked[row] - gradients[row])
            gramian = tracked[row] @ tracked[row].T
            slope = (gramian / gramian.diagonal().mean() + rho * torch.eye(4)) @ weights[row]
            weights[row] = by_bisection(weights[row] - gamma[row] * slope)
            torch.testing.assert_close(direction[row], weights[row] @ tracked[row])
    torch.testing.assert_close(state["weights"], weights)
    torch.testing.assert_close(state["tracked"], tracked)


def errors(tracking: float, noise: float) -> Tensor:
    """How far what is tracked is from the exact gradients, over steps down a noisy quadratic."""
    weighting, generator = method("moco", TWO, tracking=tracking), torch.Generator().manual_seed(0)
    x, centres, found = torch.full((8, 10), 3.0), torch.stack([torch.ones(10), -torch.ones(10)]), []
    state = weighting.start(8, 10)
    for number in range(300):
        exact = x.unsqueeze(1) - centres
        noisy = exact + noise * torch.randn(exact.shape, generator=generator)
        x = x - 0.01 * step(weighting, state, [noisy], number=number)
        found.append((state["tracked"] - exact).norm(dim=2).mean())
    return torch.stack(found)


def test_the_tracking_error_falls_below_that_of_the_batches_own_gradients() -> None:
    """Lemma: with small steps the tracked gradients come closer to the exact ones than any batch's are."""
    tracked, batch = errors(0.1, 1.0), errors(1.0, 1.0)
    assert tracked[-50:].mean() < 0.4 * tracked[0]
    assert tracked[-50:].mean() < 0.4 * batch[-50:].mean()


def test_it_ends_where_a_combination_of_the_gradients_vanishes() -> None:
    _, left = two_quadratics("moco", noise=0.5, steps=3000, rate=0.1, tracking=0.1, step_size=0.1, regularisation=0.0)
    assert (left < 0.1).all()


def test_what_is_tracked_of_an_absent_task_does_not_set_the_unit() -> None:
    gradients, present = jacobian(), torch.tensor([[True, True, True, False]] * 3)
    weights = []
    for size in (1.0, 1000.0):
        weighting = method("moco", step_size=0.5)
        state = weighting.start(3, 23)
        weighting.combine(JacobianStep(torch.ones(3, 4), present, state, Streams(range(3), "weighting"), [gradients]))
        state["tracked"][:, 3] = size * gradients[:, 3]
        step(weighting, state, [torch.where(present.unsqueeze(2), gradients, 0.0)], present=present, number=1)
        weights.append(state["weights"])
    assert torch.equal(*weights)


def test_regularisation_pulls_towards_equal_weights() -> None:
    gradients = torch.tensor([1.0, 3.0]).view(2, 1) * torch.eye(2).expand(3, 2, 2)
    spread = []
    for strength in (0.0, 1.0):
        weighting = method("moco", TWO, regularisation=strength)
        state = weighting.start(3, 2)
        for number in range(200):
            step(weighting, state, [gradients], number=number)
        spread.append(state["weights"][:, 0] - state["weights"][:, 1])
    torch.testing.assert_close(spread[0], torch.full((3,), 0.8))
    assert (spread[1] < 0.5).all()
