"""DB-MTL against vectors, and against its own claims."""

from __future__ import annotations

import pytest
import torch

from tests.mtl_core.weighting.gradients import ALL, everybody, jacobian, method, step

LOSSES = torch.tensor([[1.0, 0.5, 2.0, 0.1], [30.0, 0.3, 0.3, 0.3], [4.0, 1e-3, 0.7, 1.0]])


@pytest.mark.usefixtures("double")
def test_it_is_the_papers_algorithm() -> None:
    beta, average = torch.tensor([[0.0], [0.5], [0.9]]), torch.zeros(3, 4, 23)
    weighting = method("db", beta=beta)
    state = weighting.start(3, 23)
    for number in range(6):
        gradients, losses = jacobian(seed=number), LOSSES.double() / (1 + number)
        direction = step(weighting, state, [gradients], losses, number=number)
        for row in range(3):
            past = beta[row] if number else 0.0
            logarithmic = gradients[row] / (losses[row].unsqueeze(1) + 1e-8)
            average[row] = past * average[row] + (1 - past) * logarithmic
            norms = average[row].norm(dim=1)
            expected = sum(norms.max() * average[row, task] / norms[task] for task in range(4))
            torch.testing.assert_close(direction[row], expected)


def test_it_averages_gradients_of_the_logarithm() -> None:
    x = torch.full((3, 4), 1.7, dtype=torch.float64, requires_grad=True)
    losses = (torch.tensor([1.0, 2.0, 3.0, 4.0]) * x).square() + 0.2
    plain, logarithmic = (torch.autograd.grad(y.sum(), x, retain_graph=True)[0] for y in (losses, losses.log()))
    weighting = method("db")
    state = weighting.start(3, 4)
    step(weighting, state, [torch.diag_embed(plain).float()], losses.detach().float())
    torch.testing.assert_close(state["average"].diagonal(dim1=1, dim2=2), logarithmic.float())


def test_all_tasks_contribute_alike_whatever_their_scale() -> None:
    scales = torch.tensor([1e-3, 1.0, 50.0, 7.0]).view(4, 1)
    gradients = scales * torch.eye(4).expand(3, 4, 4)
    weighting = method("db")
    direction = step(weighting, weighting.start(3, 4), [gradients], LOSSES)
    largest = (gradients.norm(dim=2) / LOSSES).amax(dim=1, keepdim=True)
    torch.testing.assert_close(direction, largest.expand(3, 4), rtol=1e-4, atol=0)


def test_multiplying_a_loss_changes_nothing() -> None:
    factor = torch.tensor([1.0, 1000.0, 1.0, 0.01])
    directions = []
    for unit in (torch.ones(4), factor):
        weighting = method("db")
        state = weighting.start(3, 23)
        for number in range(4):
            gradients = unit.view(4, 1) * jacobian(seed=number)
            direction = step(weighting, state, [gradients], unit * LOSSES, number=number)
        directions.append(direction)
    torch.testing.assert_close(*directions, rtol=1e-3, atol=1e-3)


def test_a_vanishing_gradient_beside_an_exploding_one_stays_finite() -> None:
    gradients = torch.tensor([1e15, 1e-30, 1.0, 0.0]).view(4, 1) * jacobian()
    losses = torch.tensor([[0.0, 1e8, 1.0, 1.0]] * 3)
    weighting = method("db")
    assert step(weighting, weighting.start(3, 23), [gradients], losses).isfinite().all()


def test_an_absent_task_does_not_set_the_norm() -> None:
    weighting, gradients = method("db"), jacobian()
    state, present = weighting.start(3, 23), everybody(gradients)
    step(weighting, state, [torch.tensor([100.0, 1.0, 1.0, 1.0]).view(4, 1) * gradients])
    present[:, 0] = False
    here = torch.where(present.unsqueeze(2), gradients, 0.0)
    direction = step(weighting, state, [here], present=present, number=1)
    assert (direction.norm(dim=1) < len(ALL) * gradients.norm(dim=2).amax(dim=1)).all()


def test_private_parameters_follow_the_logarithm_of_their_loss() -> None:
    losses = torch.tensor([[4.0, 0.5, 0.0]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad((losses + 1e-8).log().sum(), losses)
    torch.testing.assert_close(method("db").own_factors(losses.detach()), slope)
