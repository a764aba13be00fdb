"""GradNorm against autograd with torch's Adam, and against its own claims."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.weighting import GramianStep, State
from tests.mtl_core.weighting.gradients import everybody, jacobian, method

STREAMS = Streams(range(3), "weighting")
SIZES = torch.tensor([3.0, 0.5, 1.0, 0.2]).view(4, 1)


def weigh(weighting, gradients: Tensor, losses: Tensor, state: State, present: Tensor | None = None) -> Tensor:
    present = everybody(gradients) if present is None else present
    return weighting.weigh(GramianStep(losses, present, state, STREAMS, gradients @ gradients.mT))


def test_it_acts_on_all_parameters() -> None:
    assert method("gradnorm").weighs_everything


@pytest.mark.usefixtures("double")
def test_it_is_the_papers_algorithm() -> None:
    """Algorithm 1 with vectors: the objective by autograd, Adam by torch, in units of the mean norm."""
    alpha = torch.tensor([[0.0], [0.7], [1.5]])
    weighting = method("gradnorm", alpha=alpha, step_size=0.05)
    state, mine = weighting.start(3), []
    losses = [0.1 + 3 * jacobian(parameters=1, seed=number).squeeze(2).square() for number in range(30)]
    gradients = [SIZES * jacobian(seed=100 + number) for number in range(30)]
    for step in range(30):
        mine.append(weigh(weighting, gradients[step], losses[step], state))
    for row in range(3):
        w = torch.ones(4, requires_grad=True)
        adam = torch.optim.Adam([w], lr=0.05)
        for step in range(30):
            torch.testing.assert_close(mine[step][row], w.detach())
            norms = torch.stack([w[i] * gradients[step][row, i].norm() for i in range(4)])
            mean = norms.mean().detach()
            rates = losses[step][row] / losses[0][row]
            target = mean * (rates / rates.mean()) ** float(alpha[row])
            adam.zero_grad()
            ((norms - target).abs().sum() / mean).backward()
            adam.step()
            with torch.no_grad():
                w.clamp_(min=1e-3).mul_(4 / w.sum())


def test_without_alpha_all_norms_become_equal() -> None:
    weighting, gradients = method("gradnorm", alpha=0.0, step_size=1e-2), SIZES * jacobian()
    state = weighting.start(3)
    for step in range(3000):
        weighting.step_size = 1e-2 / (1 + step / 100)
        weights = weigh(weighting, gradients, torch.zeros(3, 4), state)  # no loss is too small
    norms = weights * gradients.norm(dim=2)
    torch.testing.assert_close(norms, norms.mean(dim=1, keepdim=True).expand(3, 4), rtol=0.02, atol=0)
    torch.testing.assert_close(weights.sum(dim=1), torch.full((3,), 4.0))


def test_a_task_that_learns_slowly_gets_a_larger_gradient() -> None:
    """With all norms 1, w_i settles at (L_i / L_i(0))^α up to a factor."""
    weighting = method("gradnorm", alpha=1.0, step_size=1e-2)
    state, gradients = weighting.start(3), torch.eye(4).expand(3, 4, 4)
    rates = torch.tensor([[1.0, 0.5, 0.25, 0.25]] * 3)
    weigh(weighting, gradients, torch.full((3, 4), 2.0), state)
    for step in range(3000):
        weighting.step_size = 1e-2 / (1 + step / 100)
        weights = weigh(weighting, gradients, 2 * rates, state)
    torch.testing.assert_close(weights, 2 * rates, rtol=0.05, atol=0)


def test_weights_stay_positive() -> None:
    weighting = method("gradnorm", alpha=3.0, step_size=0.1)
    state, gradients = weighting.start(3), torch.tensor([1e4, 1.0, 1e-4, 1.0]).view(4, 1) * jacobian()
    for step in range(200):
        weights = weigh(weighting, gradients, torch.full((3, 4), 1.0 + step % 7), state)
        assert (weights > 0).all()
        torch.testing.assert_close(weights.sum(dim=1), torch.full((3,), 4.0))


def test_absent_tasks_do_not_count() -> None:
    """The present ones' weights add up to their number; with the absent ones' in memory they add up to all."""
    weighting, gradients = method("gradnorm"), SIZES * jacobian()
    state, present = weighting.start(3), everybody(gradients)
    for _ in range(50):
        weigh(weighting, gradients, torch.ones(3, 4), state)
    present[:, 0] = False
    for _ in range(20):
        weights = weigh(weighting, torch.where(present.unsqueeze(2), gradients, 0.0), 1.0 * present, state, present)
    assert (weights[:, 0] == 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.full((3,), 3.0))
    torch.testing.assert_close(state["weights"].sum(dim=1), torch.full((3,), 4.0))
    assert (state["updates"] == torch.tensor([50.0, 70.0, 70.0, 70.0])).all()


def test_a_late_task_begins_with_its_own_first_loss() -> None:
    weighting, gradients = method("gradnorm"), jacobian()
    state, present = weighting.start(3), everybody(gradients)
    present[:, 1] = False
    weigh(weighting, torch.where(present.unsqueeze(2), gradients, 0.0), 5.0 * present, state, present)
    weigh(weighting, gradients, torch.full((3, 4), 2.0), state)
    assert (state["initial_loss"] == torch.tensor([5.0, 2.0, 5.0, 5.0])).all()
