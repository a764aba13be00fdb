"""Smooth Tchebycheff scalarisation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps, from_losses
from mtl_core.weighting import Step

CLS = find("weighting", "stch").cls
STREAMS = Streams(range(3), "weighting")
PREFERENCE = {"price": 2.0, "sold": 0.5, "grade": 1.0, "colour": 0.25}
IDEAL = {"price": 0.2, "colour": 0.05}
MEANS = LOSSES.roll(1, dims=1)
PARTLY = torch.tensor([[True, False, True, True], [True] * 4, [False, False, True, False]])


def objective(values: Tensor, smoothing: float, present: Tensor, preference: Tensor) -> Tensor:
    """T μ log Σ exp(λ f / μ) of the tasks that are present, added up over rows: what the authors' code minimises."""
    scores = torch.where(present, preference * values / smoothing, -torch.inf)
    return (present.sum(dim=1) * smoothing * scores.logsumexp(dim=1)).sum()


def papers_objective(values: Tensor, smoothing: float, present: Tensor, preference: Tensor) -> Tensor:
    """μ log Σ exp(λ f / μ) with preferences λ that add up to 1 over the present tasks, added up over rows."""
    shares = torch.where(present, preference, 0.0)
    shares = shares / shares.sum(dim=1, keepdim=True)
    scores = torch.where(present, shares * values / smoothing, -torch.inf)
    return (smoothing * scores.logsumexp(dim=1)).sum()


@pytest.mark.parametrize("smoothing", [0.1, 1.0, 10.0])
def test_with_equal_preferences_log_takes_t_times_the_smoothing_of_raw(smoothing: float, double: None) -> None:
    """Both weigh f alike then: on losses whose logarithms are the other's losses their softmaxes agree."""
    f = LOSSES.double()
    raw, _ = from_losses(CLS(ALL, on="raw", smoothing=smoothing), [f])
    log = CLS(ALL, smoothing=4 * smoothing)
    state = log.start(3)
    log.after_epoch(torch.ones(3, 4), EVERYBODY, state)
    found = log.weigh(Step(f.exp(), EVERYBODY, state, STREAMS)) * f.exp()
    torch.testing.assert_close(found / 4, 4 * raw)


@pytest.mark.parametrize("present", [EVERYBODY, PARTLY], ids=["all", "some"])
@pytest.mark.parametrize("smoothing", [0.1, 1.0, 10.0])
def test_raw_weights_are_the_gradient_of_the_objective(smoothing: float, present: Tensor, double: None) -> None:
    losses = (LOSSES.double() + 0.5).requires_grad_()
    preference, ideal = torch.tensor(list(PREFERENCE.values())), torch.tensor([0.2, 0.0, 0.0, 0.05])
    (gradient,) = torch.autograd.grad(papers_objective(losses - ideal, smoothing, present, preference), losses)
    weighting = CLS(ALL, smoothing=smoothing, on="raw", preference=PREFERENCE, ideal=IDEAL)
    weights, state = from_losses(weighting, [losses.detach()], present)
    torch.testing.assert_close(weights, gradient)
    assert state == {}


@pytest.mark.parametrize("present", [EVERYBODY, PARTLY], ids=["all", "some"])
@pytest.mark.parametrize("smoothing", [0.1, 1.0, 10.0])
def test_log_weights_are_the_gradient_of_the_objective(smoothing: float, present: Tensor, double: None) -> None:
    losses, means = (LOSSES.double() + 0.5).requires_grad_(), MEANS.double() + 0.5
    preference, ideal = torch.tensor(list(PREFERENCE.values())), torch.tensor([0.2, 0.0, 0.0, 0.05])
    values = ((losses - ideal) / (means - ideal)).log()
    (gradient,) = torch.autograd.grad(objective(values, smoothing, present, preference), losses)
    weighting = CLS(ALL, smoothing=smoothing, preference=PREFERENCE, ideal=IDEAL)
    state = weighting.start(3)
    weighting.after_epoch(means, EVERYBODY, state)
    weights = weighting.weigh(Step(torch.where(present, losses.detach(), 0.0), present, state, STREAMS))
    torch.testing.assert_close(weights, gradient)


def test_the_warm_up_minimises_the_sum_of_the_logarithms() -> None:
    weighting = CLS(ALL, warm_up=2)
    state = weighting.start(3)
    for _ in range(2):
        torch.testing.assert_close(weighting.weigh(Step(LOSSES, EVERYBODY, state, STREAMS)), 1 / LOSSES)
        weighting.after_epoch(MEANS, EVERYBODY, state)
    assert not torch.isclose(weighting.weigh(Step(LOSSES, EVERYBODY, state, STREAMS)), 1 / LOSSES).all()


def test_the_means_are_those_of_the_last_epoch_of_the_warm_up() -> None:
    weighting = CLS(ALL, warm_up=2)
    state = weighting.start(3)
    for factor in (1.0, 2.0, 3.0):
        weighting.after_epoch(factor * MEANS, EVERYBODY, state)
    assert torch.equal(state["mean"], 2 * MEANS)


def test_a_task_that_was_seen_late_warms_up_late() -> None:
    weighting, late = CLS(ALL), torch.tensor([[True, True, True, False]] * 3)
    state = weighting.start(3)
    weighting.after_epoch(torch.where(late, LOSSES, torch.nan), late, state)
    weights = weighting.weigh(Step(LOSSES, EVERYBODY, state, STREAMS))
    torch.testing.assert_close(weights, 1 / LOSSES)  # at the mean itself every f is 0, too
    weighting.after_epoch(MEANS, EVERYBODY, state)
    assert torch.equal(state["mean"], torch.where(late, LOSSES, MEANS))


def test_a_small_smoothing_is_the_worst_task_and_a_large_one_the_mean() -> None:
    """What the scalarisation is for."""
    sharp, _ = from_losses(CLS(ALL, on="raw", smoothing=0.01), [LOSSES])
    torch.testing.assert_close(sharp[0], torch.tensor([0.0, 0.0, 0.25, 0.0]))
    torch.testing.assert_close(sharp[2], torch.tensor([0.25, 0.0, 0.0, 0.0]))
    even, _ = from_losses(CLS(ALL, on="raw", smoothing=1e6), [LOSSES])
    torch.testing.assert_close(even, torch.full((3, 4), 1 / 16), rtol=1e-4, atol=0)


def test_it_reaches_a_point_of_a_concave_front_that_no_weighted_sum_does() -> None:
    """On L = (1 − e^{−(x−1)²}, 1 − e^{−(x+1)²}), whose front is concave, weighted sums end at its tips."""

    def losses(x: Tensor) -> Tensor:
        return torch.stack([1 - torch.exp(-((x - 1) ** 2)), 1 - torch.exp(-((x + 1) ** 2))], dim=1)

    present = torch.ones(1, 2, dtype=torch.bool)
    ends = {}
    for name, weighting in {"equal": None, "stch": CLS(ALL[:2], on="raw", smoothing=0.05)}.items():
        x = torch.tensor([0.3], requires_grad=True)
        for _ in range(500):
            now = losses(x)
            step = Step(now.detach(), present, {}, STREAMS)
            weights = torch.ones(1, 2) if weighting is None else weighting.weigh(step)
            (slope,) = torch.autograd.grad((weights * now).sum(), x)
            x = (x - 0.05 * slope).detach().requires_grad_()
        ends[name] = x.item()
    assert ends["stch"] == pytest.approx(0, abs=1e-3)
    assert ends["equal"] > 0.9


@pytest.mark.parametrize(
    ("options", "complaint"),
    [({"on": "square"}, "log or raw.*'square'"), ({"warm_up": 0}, "warm_up is 0; .* from 1 up")],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        CLS(ALL, **options)


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("stch", smoothing=0.5) == pytest.approx(
        [0.91480839, 0.00022870183, 0.16009147, 0.2287021], rel=1e-5
    )
