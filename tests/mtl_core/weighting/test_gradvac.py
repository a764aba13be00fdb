"""Gradient vaccine against vectors, against TorchJD, and against its own claim."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting.solvers.gradient_surgery import random_order
from tests.mtl_core.weighting.gradients import ALL, TWO, jacobian, method, step, unit_rows


def from_the_paper(gradients: Tensor, order: Tensor, target: Tensor, beta: float) -> Tensor:
    changed = []
    for task, gradient in enumerate(gradients):
        gradient = gradient.clone()
        for partner in order[task].tolist():
            if partner == task:
                continue
            other, wanted = gradients[partner], target[task, partner].clone()
            cosine = gradient @ other / (gradient.norm() * other.norm())
            if cosine < wanted:
                slant = wanted * (1 - cosine**2).sqrt() - cosine * (1 - wanted**2).sqrt()
                gradient = gradient + gradient.norm() * slant / (other.norm() * (1 - wanted**2).sqrt()) * other
            target[task, partner] = (1 - beta) * wanted + beta * cosine
        changed.append(gradient)
    return torch.stack(changed).sum(dim=0)


@pytest.mark.usefixtures("double")
def test_it_is_the_papers_algorithm_and_torchjds(monkeypatch: pytest.MonkeyPatch) -> None:
    beta = torch.tensor([[0.5], [0.1], [0.9]])
    weighting = method("gradvac", beta=beta)
    state, targets = weighting.start(3), torch.zeros(3, 4, 4)
    theirs = [torchjd.aggregation.GradVac(beta=float(share), eps=0.0) for share in beta]
    for number in range(8):
        gradients = jacobian(parameters=4, seed=number)
        order = random_order(ALL, Streams(range(3), "weighting").at([number] * 3))
        direction = step(weighting, state, [gradients], number=number)
        for row in range(3):
            expected = from_the_paper(gradients[row], order[row], targets[row], float(beta[row]))
            torch.testing.assert_close(direction[row], expected)
            torch.testing.assert_close(state["target"][row], targets[row])
            draws = iter(_among_others(order[row]))
            monkeypatch.setattr(torch, "randperm", lambda size, draws=draws: next(draws))
            torch.testing.assert_close(theirs[row](gradients[row]), direction[row])


def _among_others(order: Tensor) -> list[Tensor]:
    """The same orders as places in the list of the others."""
    tasks = range(len(order))
    others = [[partner for partner in tasks if partner != task] for task in tasks]
    return [torch.tensor([others[i].index(j) for j in order[i].tolist() if j != i]) for i in tasks]


@pytest.mark.parametrize("wanted", [-0.5, 0.0, 0.3, 0.9])
def test_two_tasks_reach_their_target(wanted: float) -> None:
    gradients = jacobian(rows=200, tasks=2, parameters=3)
    cosines = torch.cosine_similarity(gradients[:, 0], gradients[:, 1])
    weighting = method("gradvac", TWO, beta=1.0)
    state = weighting.start(200)
    state["target"][:, 0, 1] = wanted
    state["target"][:, 1, 0] = -1.0
    first = step(weighting, state, [gradients]) - gradients[:, 1]
    reached = torch.cosine_similarity(first, gradients[:, 1])
    torch.testing.assert_close(reached, cosines.clamp(min=wanted), rtol=0, atol=1e-4)
    torch.testing.assert_close(state["target"][:, 0, 1], cosines)


def test_it_begins_as_pcgrad() -> None:
    gradients = jacobian()
    vaccine, surgery = method("gradvac"), method("pcgrad")
    expected = step(surgery, {}, [gradients])
    torch.testing.assert_close(step(vaccine, vaccine.start(3), [gradients]), expected)


def test_targets_settle_at_the_cosines_that_are() -> None:
    gradients = unit_rows([1, 0, 0], [1, 1, 0])
    weighting = method("gradvac", TWO, beta=0.2)
    state = weighting.start(2)
    for number in range(100):
        direction = step(weighting, state, [gradients], number=number)
    torch.testing.assert_close(state["target"][:, 0, 1], torch.full((2,), 0.5**0.5))
    torch.testing.assert_close(direction, gradients.sum(dim=1))


def test_parallel_gradients_that_part_are_turned_back_by_a_finite_length() -> None:
    weighting = method("gradvac", beta=1.0)
    state = weighting.start(3, 4)
    step(weighting, state, [torch.ones(3, 4, 4)])
    assert (state["target"][:, 0, 1] > 0.999).all()
    direction = step(weighting, state, [torch.eye(4).expand(3, 4, 4)], number=1)
    assert (direction > 0).all()
    assert (direction.norm(dim=1) < 4 * 5**4).all()
