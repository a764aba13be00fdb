"""CAGrad."""

from __future__ import annotations

import pytest
import torch

from mtl_core.registry import find
from tests.mtl_core.weighting.solvers.families import asked, directions, gradients
from tests.mtl_core.weighting.test_gramian_methods import method


@pytest.mark.parametrize("c", [0.1, 0.5, 0.9])
def test_equal_and_opposite_parts_of_two_gradients(c: float) -> None:
    """(1, 1) and (1, −1): the mean serves both alike already, and is merely lengthened."""
    jacobian = torch.tensor([[[1.0, 1.0], [1.0, -1.0]]], dtype=torch.float64).repeat(2, 1, 1)
    weights, _ = asked(find("weighting", "cagrad").cls([None] * 2, c=c), jacobian)
    torch.testing.assert_close(directions(weights, jacobian), torch.tensor([[1 + c, 0.0]] * 2, dtype=torch.float64))


@pytest.mark.parametrize("tasks", [2, 5, 10])
def test_the_worst_served_task_is_served_better_than_by_the_mean_and_by_random_directions(tasks: int) -> None:
    jacobian = gradients("conflicting", tasks)
    mean = jacobian.mean(dim=1)
    direction = directions(asked(method("cagrad", tasks), jacobian)[0], jacobian)
    radius = 0.4 * mean.norm(dim=1, keepdim=True)
    torch.testing.assert_close((direction - mean).norm(dim=1, keepdim=True), radius, rtol=1e-6, atol=0)

    def worst(direction):
        return (jacobian @ direction.unsqueeze(2)).squeeze(2).amin(dim=1)

    assert (worst(direction) > worst(mean)).all()
    for seed in range(50):
        noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        near = direction + 0.1 * radius * noise / noise.norm(dim=1, keepdim=True)
        inside = mean + (near - mean) * radius / (near - mean).norm(dim=1, keepdim=True)
        assert (worst(inside) <= worst(direction) * (1 + 1e-9)).all()


def test_every_row_has_its_own_radius() -> None:
    jacobian = gradients("conflicting", 5, rows=3)
    c = torch.tensor([[0.1], [0.5], [0.9]])
    weights, _ = asked(find("weighting", "cagrad").cls([None] * 5, c=c), jacobian)
    mean = jacobian.mean(dim=1)
    reached = (directions(weights, jacobian) - mean).norm(dim=1, keepdim=True) / mean.norm(dim=1, keepdim=True)
    torch.testing.assert_close(reached, c.double(), rtol=1e-6, atol=0)


def test_where_gradients_cancel_the_step_does_too() -> None:
    jacobian = gradients("stationary", 5)
    weights, state = asked(method("cagrad", 5), jacobian)
    assert (state["unconverged"] == 0).all()
    torch.testing.assert_close(weights, torch.full_like(weights, 0.2))  # nothing but rounding could be added
    assert (directions(weights, jacobian).norm(dim=1) < 1e-6).all()


def test_a_failure_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_core.weighting.solvers.trust_ball.LIMIT", 1)
    assert (asked(method("cagrad", 5), gradients("conflicting", 5))[1]["unconverged"] == 1).all()
