"""Homoscedastic uncertainty."""

from __future__ import annotations

import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, LOSSES, after_three_steps, from_losses, method
from mtl_core.weighting import FLOOR
from mtl_core.weighting.uncertainty import Uncertainty

PRECISION = torch.tensor([0.5, 1.0, 1.0, 1.0])


def test_it_settles_where_every_weighted_loss_is_one_half() -> None:
    """ds_i = ½ − w_i L_i vanishes at w_i = 1/(2 L_i), whatever the kind of task; that is, at s_i = log(2 c_i L_i)."""
    weighting = find("weighting", "uncertainty").cls(ALL, step_size=torch.full((3, 1), 1e-2))
    weights, state = from_losses(weighting, [LOSSES] * 6000)
    torch.testing.assert_close(weights, 1 / (2 * LOSSES), rtol=1e-3, atol=0)
    torch.testing.assert_close(state["log_variance"], (2 * PRECISION * LOSSES).log(), rtol=0, atol=1e-3)


def test_it_follows_adam_on_its_objective() -> None:
    """The paper's objective, differentiated by autograd and stepped by ``torch.optim.Adam``."""
    s = torch.zeros(3, 4, requires_grad=True)
    adam = torch.optim.Adam([s], lr=0.05)
    weighting = find("weighting", "uncertainty").cls(ALL, step_size=0.05)
    sequence = [LOSSES * (1 + step % 3) for step in range(25)]
    for step, losses in enumerate(sequence):
        weights, _ = from_losses(weighting, sequence[: step + 1])
        torch.testing.assert_close(weights, (PRECISION * (-s).exp()).detach(), rtol=1e-4, atol=1e-6)
        adam.zero_grad()
        (PRECISION * losses * (-s).exp() + s / 2).sum().backward()
        adam.step()


def test_a_loss_counts_as_the_likelihood_that_its_kind_says() -> None:
    """A squared error and a Poisson deviance are twice a negative log-likelihood, a cross entropy is one."""
    kinds = {"regression": ("mse", 1), "count": ("mae", 1), "binary": ("auroc", 2), "ordinal": ("class_distance", 3)}
    tasks = [Task(kind, kind, metric, classes) for kind, (metric, classes) in kinds.items()]
    weights, _ = from_losses(Uncertainty(tasks), [LOSSES])
    assert weights[0].tolist() == [0.5, 0.5, 1.0, 1.0]


def test_a_task_that_is_learnt_perfectly_does_not_drive_its_variance_to_nothing() -> None:
    weights, state = from_losses(method("uncertainty"), [torch.zeros(3, 4)] * 6000)
    assert weights.isfinite().all()
    assert (weights <= 1.1 / (2 * FLOOR)).all()
    assert all(value.isfinite().all() for value in state.values())


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    expected = [0.5037345886, 1.0074691772, 0.9844800830, 1.0194869041]
    assert after_three_steps("uncertainty") == pytest.approx(expected, rel=1e-5)
