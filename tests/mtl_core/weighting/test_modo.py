"""MoDo against vectors, and against its own claim."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation

from tests.mtl_core.weighting.gradients import TWO, jacobian, method, step, two_quadratics
from tests.mtl_core.weighting.solvers.test_simplex import by_bisection


def test_it_needs_two_batches() -> None:
    assert method("modo").batches == 2


@pytest.mark.usefixtures("double")
def test_it_is_the_papers_algorithm_and_torchjds() -> None:
    gamma, weights = torch.tensor([[0.1], [1.0], [0.01]]), torch.full((3, 4), 0.25)
    weighting = method("modo", step_size=gamma)
    state = weighting.start(3, 23)
    theirs = [torchjd.aggregation.MoDoWeighting(gamma=float(size), rho=0.0) for size in gamma]
    for number in range(6):
        first, second = jacobian(seed=number), jacobian(seed=50 + number)
        direction = step(weighting, state, [first, second], number=number)
        for row in range(3):
            unit = (first[row].norm(dim=1) * second[row].norm(dim=1)).mean()
            cross = first[row] @ second[row].T / unit
            weights[row] = by_bisection(weights[row] - gamma[row] * cross @ weights[row])
            torch.testing.assert_close(theirs[row](cross), weights[row])
            torch.testing.assert_close(direction[row], weights[row] @ (first[row] + second[row]) / 2)
    torch.testing.assert_close(state["weights"], weights)
    assert (weights[1] == 0).any(), "nothing was projected, so nothing of it was tested"


def test_weights_settle_at_the_shortest_combination() -> None:
    gradients = torch.tensor([[1.0, 0.0], [-1.0, 2.0]]).expand(3, 2, 2)
    weighting = method("modo", TWO, step_size=0.3)
    state = weighting.start(3, 2)
    for number in range(200):
        direction = step(weighting, state, [gradients, gradients], number=number)
    torch.testing.assert_close(state["weights"], torch.tensor([[0.75, 0.25]] * 3))
    torch.testing.assert_close(direction, torch.tensor([[0.5, 0.5]] * 3))


def test_it_ends_where_a_combination_of_the_gradients_vanishes() -> None:
    x, left = two_quadratics("modo", noise=0.5, steps=3000, rate=0.1, step_size=0.1)
    assert (left < 0.1).all()
    assert (x.norm(dim=1) < 1.5).all()
