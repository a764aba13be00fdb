"""Fast adaptive multi-task optimisation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps, from_losses, method
from mtl_core.weighting import Step

CLS = find("weighting", "famo").cls
STREAMS = Streams(range(3), "weighting")
SIZES = torch.tensor([1.0, 10.0, 0.1, 3.0])


def quadratic(theta: Tensor) -> Tensor:
    """Losses ``[r, t]`` of four tasks that pull ``theta [r, 4]`` to the unit vectors, with unequal force."""
    return SIZES * (theta.unsqueeze(1) - torch.eye(4)).square().sum(dim=2) + 0.01


def begin() -> Tensor:
    return torch.tensor([[1.0, -1.0, 0.5, 2.0], [0.0, 0.0, 0.0, 0.0], [3.0, 1.0, -2.0, 0.1]])


def reference(steps: int, rate: float, step_size: float, decay: float) -> tuple[Tensor, Tensor, Tensor]:
    """Algorithm 1 one replica at a time, with autograd through the softmax and Adam on ξ: θ, ξ and the losses."""
    thetas, logits, ends = [], [], []
    for row in begin():
        theta = row.clone().unsqueeze(0).requires_grad_()
        xi = torch.zeros(4, requires_grad=True)
        adam = torch.optim.Adam([xi], lr=step_size, weight_decay=decay)
        for _ in range(steps):
            losses = quadratic(theta)[0]
            z = xi.softmax(dim=0).detach()
            c = 1 / (z / losses.detach()).sum()
            (slope,) = torch.autograd.grad(c * (z * losses.log()).sum(), theta)
            theta = (theta - rate * slope).detach().requires_grad_()
            fall = (losses.log() - quadratic(theta)[0].log()).detach()
            (xi.grad,) = torch.autograd.grad(xi.softmax(dim=0), xi, grad_outputs=fall)
            adam.step()
        thetas.append(theta[0].detach())
        logits.append(xi.detach())
        ends.append(quadratic(theta)[0].detach())
    return torch.stack(thetas), torch.stack(logits), torch.stack(ends)


def test_it_follows_the_papers_algorithm(double: None) -> None:
    weighting = CLS(ALL, step_size=0.025, decay=0.01)
    theta, state = begin(), weighting.start(3)
    for _ in range(60):
        theta.requires_grad_()
        losses = quadratic(theta)
        weights = weighting.weigh(Step(losses.detach(), EVERYBODY, state, STREAMS))
        (slope,) = torch.autograd.grad((weights * losses).sum(), theta)
        theta = (theta - 0.02 * slope).detach()
        weighting.observe_step(Step(quadratic(theta), EVERYBODY, state, STREAMS))
    expected_theta, expected_logits, _ = reference(60, 0.02, 0.025, 0.01)
    torch.testing.assert_close(theta, expected_theta)
    torch.testing.assert_close(state["logit"], expected_logits)
    assert (state["logit"].abs().amax(dim=1) > 0.01).all()  # or nothing was compared


def test_weights_are_z_over_the_loss_and_add_up_to_one() -> None:
    weighting = CLS(ALL)
    state = weighting.start(3)
    state["logit"].copy_(torch.tensor([0.3, -1.0, 2.0, 0.0]))
    weights = weighting.weigh(Step(LOSSES, EVERYBODY, state, STREAMS))
    share = state["logit"].softmax(dim=1) / LOSSES
    torch.testing.assert_close(weights, share / share.sum(dim=1, keepdim=True))


def test_a_task_that_fell_further_than_the_others_loses_weight() -> None:
    weighting = CLS(ALL)
    state = weighting.start(3)
    weighting.weigh(Step(LOSSES, EVERYBODY, state, STREAMS))
    weighting.observe_step(Step(LOSSES * torch.tensor([0.5, 1.0, 1.0, 1.1]), EVERYBODY, state, STREAMS))
    assert (state["logit"][:, 0] < 0).all()
    assert (state["logit"][:, 3] > 0).all()


def test_losses_that_fall_at_the_same_rate_move_nothing() -> None:
    weighting = CLS(ALL, decay=0.0)
    state = weighting.start(3)
    weighting.weigh(Step(torch.ones(3, 4), EVERYBODY, state, STREAMS))
    weighting.observe_step(Step(torch.full((3, 4), 0.5), EVERYBODY, state, STREAMS))
    assert (state["logit"] == 0).all()


def test_an_absent_task_takes_no_part_in_the_second_look() -> None:
    present = torch.tensor([[True, False, True, True]] * 3)
    after = LOSSES * torch.tensor([0.5, 0.1, 1.2, 0.9])
    states = []
    for tasks, here, columns in ((ALL, present, [0, 1, 2, 3]), ([ALL[0], *ALL[2:]], present[:, 1:] | True, [0, 2, 3])):
        weighting = CLS(tasks)
        states.append(weighting.start(3))
        weighting.weigh(Step(torch.where(here, LOSSES[:, columns], 0.0), here, states[-1], STREAMS))
        weighting.observe_step(Step(torch.where(here, after[:, columns], 0.0), here, states[-1], STREAMS))
    assert (states[0]["logit"][:, 1] == 0).all()
    torch.testing.assert_close(states[0]["logit"][:, [0, 2, 3]], states[1]["logit"])


def test_a_loss_of_nothing_before_or_after_moves_it_by_a_finite_step() -> None:
    weighting = method("famo")
    state = weighting.start(3)
    for before, after in ((LOSSES, torch.zeros(3, 4)), (torch.zeros(3, 4), 1e15 * LOSSES)):
        weighting.weigh(Step(before, EVERYBODY, state, STREAMS))
        weighting.observe_step(Step(after, EVERYBODY, state, STREAMS))
        assert all(value.isfinite().all() for value in state.values())
    weights, _ = from_losses(weighting, [LOSSES])
    assert weights.isfinite().all()


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("famo") == pytest.approx(
        [0.00022939713, 0.99746227, 0.0013108366, 0.00099749165], rel=1e-5
    )
