"""PCGrad against vectors, against TorchJD, and against its own claim."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import GramianStep
from mtl_core.weighting.solvers.gradient_surgery import random_order
from tests.mtl_core.weighting.gradients import ALL, TWO, everybody, jacobian, method, step, unit_rows


def weights_of(gradients: Tensor, tasks=ALL, number: int = 0) -> Tensor:
    streams = Streams(range(len(gradients)), "weighting").at([number] * len(gradients))
    losses = torch.ones(gradients.shape[:2])
    step = GramianStep(losses, everybody(gradients), {}, streams, gradients @ gradients.mT)
    return method("pcgrad", tasks).weigh(step)


def test_two_tasks_by_hand() -> None:
    """g₁ = (1, 0), g₂ = (−1, 1): g₁' = (½, ½) = g₁ + ½ g₂ and g₂' = (0, 1) = g₂ + g₁."""
    torch.testing.assert_close(weights_of(unit_rows([1, 0], [-1, 1]), TWO), torch.tensor([[2.0, 1.5]] * 2))


@pytest.mark.parametrize("vectors", [([1, 0, 0], [0, 2, 0], [0, 0, 3]), ([1, 0, 0], [2, 1, 0], [1, 1, 3])])
def test_gradients_that_do_not_conflict_are_left_alone(vectors: tuple[list[float], ...]) -> None:
    assert (weights_of(unit_rows(*vectors), ALL[:3]) == 1).all()


def test_a_task_without_a_gradient_changes_nothing() -> None:
    torch.testing.assert_close(
        weights_of(unit_rows([1, 0], [0, 0], [-1, 1]), ALL[:3]), torch.tensor([[2.0, 1.0, 1.5]] * 2)
    )


def test_an_absent_task_weighs_nothing_and_one_without_a_gradient_what_it_always_does() -> None:
    gradients, present = unit_rows([1, 0], [0, 0], [0, 0]), torch.tensor([[True, False, True]] * 2)
    streams = Streams(range(2), "weighting")
    step = GramianStep(torch.ones(2, 3), present, {}, streams, gradients @ gradients.mT)
    weights = method("pcgrad", ALL[:3]).weigh(step)
    assert torch.equal(weights, torch.tensor([[1.0, 0.0, 1.0]] * 2))


def from_the_paper(gradients: Tensor, order: Tensor) -> Tensor:
    changed = []
    for task, gradient in enumerate(gradients):
        gradient = gradient.clone()
        for partner in order[task].tolist():
            other = gradients[partner]
            if partner != task and gradient @ other < 0:
                gradient -= (gradient @ other) / (other @ other) * other
        changed.append(gradient)
    return torch.stack(changed).sum(dim=0)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("number", range(5))
def test_it_is_the_papers_algorithm_and_torchjds(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = jacobian(rows=4, parameters=4, seed=number)
    order = random_order(ALL, Streams(range(4), "weighting").at([number] * 4))
    weighting = method("pcgrad")
    direction = step(weighting, weighting.start(4, 4), [gradients], number=number)
    for row in range(4):
        torch.testing.assert_close(direction[row], from_the_paper(gradients[row], order[row]))
        draws = iter(order[row])
        monkeypatch.setattr(torch, "randperm", lambda size, draws=draws: next(draws))
        torch.testing.assert_close(torchjd.aggregation.PCGrad()(gradients[row]), direction[row])


def test_the_order_decides() -> None:
    gradients = jacobian(parameters=4)
    assert not torch.allclose(weights_of(gradients), weights_of(gradients, number=1))


def test_two_tasks_have_no_conflict_left() -> None:
    """Theorem: each task's changed gradient, and so their sum, does not increase the other's loss."""
    gradients = jacobian(rows=500, tasks=2, parameters=3)
    weighting = method("pcgrad", TWO)
    direction = step(weighting, {}, [gradients])
    assert ((gradients @ gradients.mT)[:, 0, 1] < 0).sum() > 200
    assert ((gradients @ direction.unsqueeze(2)) > -1e-5).all()
