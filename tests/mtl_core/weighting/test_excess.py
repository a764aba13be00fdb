"""ExcessMTL against TorchJD, and against its own claims."""

from __future__ import annotations

import pytest
import torch
import torchjd.aggregation

from tests.mtl_core.weighting.gradients import ALL, TWO, everybody, jacobian, method, step


@pytest.mark.usefixtures("double")
def test_it_is_torchjds_after_one_step_of_warming_up() -> None:
    eta = torch.tensor([[0.01], [0.3], [1.0]])
    weighting = method("excess", step_size=eta)
    state = weighting.start(3, 23)
    theirs = [torchjd.aggregation.ExcessMTL(robust_step_size=float(size), n_warmup_steps=1) for size in eta]
    for number in range(8):
        gradients = (1 + number % 3) * jacobian(seed=number)
        direction = step(weighting, state, [gradients], number=number)
        for row in range(3):
            torch.testing.assert_close(direction[row], theirs[row](gradients[row]), rtol=1e-4, atol=1e-6)


def test_the_first_step_weighs_equally() -> None:
    weighting, gradients = method("excess", step_size=1.0), jacobian()
    torch.testing.assert_close(step(weighting, weighting.start(3, 23), [gradients]), gradients.mean(dim=1))


@pytest.mark.usefixtures("double")
def test_the_estimate_is_an_excess_over_what_it_was_at_first() -> None:
    """A constant gradient g: S_k = k g², E_k = Σ|g| / √k, so that log α grows by η / √k."""
    weighting, gradients = method("excess", step_size=0.1), jacobian()
    state = weighting.start(3, 23)
    gradients[:, 1] = 0.0
    for number in range(5):
        step(weighting, state, [gradients], number=number)
    grown = state["log_weight"][:, [0, 2, 3]] - state["log_weight"][:, [1]]
    torch.testing.assert_close(grown, torch.full((3, 3), 0.1 * sum(k**-0.5 for k in (2, 3, 4, 5))))


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_weights_are_free_of_the_gradients_unit(size: float) -> None:
    states = []
    for unit in (1.0, size):
        weighting = method("excess", step_size=0.5)
        states.append(weighting.start(3, 23))
        for number in range(5):
            step(weighting, states[-1], [unit * jacobian(seed=number)], number=number)
    torch.testing.assert_close(states[0]["log_weight"], states[1]["log_weight"], rtol=1e-4, atol=1e-4)


def test_weight_goes_to_the_task_with_the_largest_remaining_excess_whatever_its_loss() -> None:
    """Two quadratics of their own coordinates; one has a noise floor of 10 in its loss and is nearly solved at once."""
    weighting = method("excess", TWO, step_size=0.3)
    x, curvature = torch.ones(3, 2), torch.tensor([5.0, 0.1])
    state = weighting.start(3, 2)
    for number in range(60):
        gradients = torch.diag_embed(curvature * x)
        losses = curvature * x.square() / 2 + torch.tensor([10.0, 0.0])
        x = x - 0.3 * step(weighting, state, [gradients], losses, number=number)
    assert (state["log_weight"][:, 1] - state["log_weight"][:, 0] > 0.5).all()


def test_weights_in_memory_add_up_to_one_though_tasks_come_and_go() -> None:
    weighting, generator = method("excess", step_size=1.0), torch.Generator().manual_seed(1)
    state = weighting.start(3, 23)
    first = jacobian()
    step(weighting, state, [first])
    total = state["log_weight"].logsumexp(dim=1)
    for number in range(1, 40):
        present = everybody(first) & (torch.rand(3, len(ALL), generator=generator) < 0.6)
        gradients = torch.where(present.unsqueeze(2), jacobian(seed=number), 0.0)
        step(weighting, state, [gradients], present=present, number=number)
    torch.testing.assert_close(state["log_weight"].logsumexp(dim=1), total, rtol=0, atol=1e-4)
