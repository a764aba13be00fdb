"""Dynamic weight average."""

from __future__ import annotations

import math

import pytest
import torch

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, method
from mtl_core.weighting import LossWeighting, State, Step

STREAMS = Streams(range(3), "weighting")


def weights_of(weighting: LossWeighting, state: State, present: torch.Tensor = EVERYBODY) -> torch.Tensor:
    return weighting.weigh(Step(LOSSES, present, state, STREAMS))


def test_the_first_two_epochs_weigh_alike_and_the_third_follows_the_formula() -> None:
    weighting = find("weighting", "dwa").cls(ALL[:2], temperature=2.0)
    state, present = weighting.start(1), torch.ones(1, 2, dtype=torch.bool)
    epochs = ([[4.0, 1.0]], [[2.0, 0.9]], [[1.8, 0.45]])
    found = []
    for losses in epochs:
        found.append(weighting.weigh(Step(LOSSES[:1, :2], present, state, STREAMS))[0].tolist())
        weighting.after_epoch(torch.tensor(losses), present, state)
    found.append(weighting.weigh(Step(LOSSES[:1, :2], present, state, STREAMS))[0].tolist())
    assert found[0] == found[1] == [1, 1]
    for (one, other), rates in zip(found[2:], [(2 / 4, 0.9 / 1), (1.8 / 2, 0.45 / 0.9)], strict=True):
        above = [2 * math.exp(rate / 2) for rate in rates]
        below = sum(math.exp(rate / 2) for rate in rates)
        assert (one, other) == pytest.approx((above[0] / below, above[1] / below), rel=1e-5)
        assert one + other == pytest.approx(2)


def test_the_temperature_is_each_rows_own() -> None:
    weighting = find("weighting", "dwa").cls(ALL, temperature=torch.tensor([[0.5], [2.0], [1e6]]))
    state = weighting.start(3)
    for losses in ([1.0, 1.0, 1.0, 1.0], [1.0, 0.5, 0.8, 0.1]):
        weighting.after_epoch(torch.tensor([losses] * 3), EVERYBODY, state)
    sharp, mild, even = weights_of(weighting, state)
    assert sharp[0] > mild[0] > even[0]
    torch.testing.assert_close(even, torch.ones(4), rtol=1e-5, atol=0)


def test_a_task_that_an_epoch_never_saw_keeps_what_it_had() -> None:
    weighting, state = method("dwa"), method("dwa").start(3)
    for factor in (1.0, 0.5):
        weighting.after_epoch(factor * LOSSES, EVERYBODY, state)
    before = {name: value.clone() for name, value in state.items()}
    seen = torch.tensor([[True, False, True, True]] * 3)
    weighting.after_epoch(torch.where(seen, 0.1 * LOSSES, torch.nan), seen, state)
    assert all(torch.equal(value[~seen], before[name][~seen]) for name, value in state.items())
    torch.testing.assert_close(state["before"][seen], before["last"][seen])
    torch.testing.assert_close(state["last"][seen], 0.1 * LOSSES[seen])


def test_a_task_with_one_epoch_behind_it_counts_as_one_that_stands_still() -> None:
    weighting = find("weighting", "dwa").cls(ALL)
    state, late = weighting.start(3), torch.tensor([[True, True, True, False]] * 3)
    weighting.after_epoch(LOSSES, late, state)
    weighting.after_epoch(LOSSES, EVERYBODY, state)
    assert torch.equal(weights_of(weighting, state), torch.ones(3, 4))


def test_the_total_is_the_number_of_tasks_that_are_present() -> None:
    weighting, state = method("dwa"), method("dwa").start(3)
    for factor in (1.0, 0.5):
        weighting.after_epoch(factor * LOSSES.sqrt(), EVERYBODY, state)
    present = torch.tensor([[True] * 4, [True, False, True, False], [False, False, True, False]])
    torch.testing.assert_close(weights_of(weighting, state, present).sum(dim=1), torch.tensor([4.0, 2.0, 1.0]))


def test_a_loss_that_explodes_from_nothing_takes_all_the_weight() -> None:
    weighting, state = method("dwa"), method("dwa").start(3)
    for exploding in (0.0, 1e35):
        weighting.after_epoch(torch.tensor([[exploding, 1.0, 1.0, 1.0]] * 3), EVERYBODY, state)
    assert torch.equal(weights_of(weighting, state), torch.tensor([[4.0, 0.0, 0.0, 0.0]] * 3))


def test_golden_values() -> None:
    """Weights of the first version after three epochs: a change of them must raise ENGINE_VERSION."""
    weighting = find("weighting", "dwa").cls(ALL)
    state = weighting.start(3)
    for losses in (LOSSES.roll(1, dims=1), LOSSES.sqrt(), LOSSES):
        weighting.after_epoch(losses, EVERYBODY, state)
    assert weights_of(weighting, state)[0].tolist() == pytest.approx(
        [1.0514377, 0.90820223, 1.2933881, 0.74697196], rel=1e-5
    )
