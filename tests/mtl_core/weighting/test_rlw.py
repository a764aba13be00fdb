"""Random loss weighting."""

from __future__ import annotations

import pytest
import torch

from mtl_core.randomness.counter_based import Streams
from mtl_core.registry import find
from mtl_core.testing.weighting_steps import ALL, EVERYBODY, LOSSES, after_three_steps
from mtl_core.weighting import Step

NAMES = [task.name for task in ALL]


def weights(seeds: range, step: int, losses: torch.Tensor | None = None) -> torch.Tensor:
    shape = (len(seeds), len(ALL))
    losses = torch.ones(shape) if losses is None else losses
    streams = Streams(seeds, "weighting").at([step] * len(seeds))
    return find("weighting", "rlw").cls(ALL).weigh(Step(losses, torch.ones(shape, dtype=torch.bool), {}, streams))


def test_weights_are_the_softmax_of_the_streams_normal_numbers() -> None:
    noise = Streams(range(3), "weighting").at([7] * 3).normal(NAMES)
    expected = noise.exp() / noise.exp().sum(dim=1, keepdim=True)
    torch.testing.assert_close(weights(range(3), 7), expected.float())


def test_the_losses_do_not_matter_and_every_step_draws_anew() -> None:
    assert torch.equal(weights(range(3), 7, LOSSES), weights(range(3), 7, 100 * LOSSES))
    assert not (weights(range(3), 7) == weights(range(3), 8)).any()


def test_the_mean_of_a_weight_is_one_over_the_number_of_tasks() -> None:
    found = weights(range(20_000), 3)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(20_000))
    error = found.std(dim=0) / 20_000**0.5
    assert ((found.mean(dim=0) - 0.25).abs() < 4 * error).all()
    assert (found.std(dim=0) > 0.1).all()


def test_a_task_that_is_absent_does_not_change_what_the_others_draw() -> None:
    present = torch.tensor([[True, False, True, True]] * 3)
    streams = Streams(range(3), "weighting")
    rlw = find("weighting", "rlw").cls(ALL)
    everybody = rlw.weigh(Step(LOSSES, EVERYBODY, {}, streams.at([7] * 3)))
    some = rlw.weigh(Step(LOSSES, present, {}, streams.at([7] * 3)))
    rescaled = torch.where(present, everybody, 0.0)
    torch.testing.assert_close(some, rescaled / rescaled.sum(dim=1, keepdim=True))


def test_golden_values() -> None:
    """Weights of the first version: a change of them must raise ENGINE_VERSION."""
    assert after_three_steps("rlw") == pytest.approx([0.13124424, 0.031256378, 0.23524269, 0.60225672], rel=1e-5)
