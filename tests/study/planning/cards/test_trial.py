"""A trial of a real network, with a meter that is none: what is read when, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from mtl_core.training.device import CPU
from study.planning.cards.trial import FEW_STEPS, MANY_STEPS, WARM, AlikeRows, sampled
from study.planning.network_costs import NetworkCosts
from study.planning.trials import Network
from tests.study.planning.test_forecast import plan, task_set


@dataclass
class StepMeter:
    """A meter whose clock is the number of steps that were taken, and of evaluations a hundred each."""

    steps: int = 0
    evaluations: int = 0
    log: list[str] = field(default_factory=list)

    def free_bytes(self) -> float:
        return 1e9

    def forget_peak(self) -> None:
        self.log.append("forgotten")

    def peak_bytes(self) -> float:
        self.log.append("peak")
        return 123.0

    def seconds(self) -> float:
        return self.steps + 100.0 * self.evaluations


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> StepMeter:
    from mtl_core.training import fused_array

    found = StepMeter()
    step, after = fused_array.EpochTrainer._take, fused_array.FusedArray.after_epoch

    def counted_step(*arguments: object) -> None:
        found.steps += 1
        step(*arguments)  # type: ignore[arg-type]

    def counted_after(*arguments: object) -> None:
        found.evaluations += 1
        after(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fused_array.EpochTrainer, "_take", counted_step)
    monkeypatch.setattr(fused_array.FusedArray, "after_epoch", counted_after)
    return found


def networks(examples: int, **parts: object) -> list[Network]:
    return NetworkCosts(task_set(examples)).networks(plan(factors={"width": [8]}, **parts))


@pytest.mark.parametrize("rows", [1, 3])
def test_an_epoch_is_all_its_steps_and_an_evaluation(meter: StepMeter, rows: int) -> None:
    network = networks(4000, training={"batch_size": 16})[0]
    assert network.steps > MANY_STEPS
    found = sampled(network, rows, CPU, meter)
    assert (found.rows, found.bytes, found.seconds) == (rows, 123.0, network.steps + 100.0)
    assert found.set_up == 0.0, "all that it took before was steps and an evaluation"
    assert meter.log == ["forgotten", "peak"]
    assert meter.steps == (WARM + 1) * FEW_STEPS + MANY_STEPS


def test_what_it_takes_to_build_an_array_is_told_apart(meter: StepMeter, monkeypatch: pytest.MonkeyPatch) -> None:
    def slower(name: str, by: int) -> None:
        before = getattr(AlikeRows, name)

        def after(*arguments: Any) -> Any:
            meter.evaluations += by
            return before(*arguments)

        monkeypatch.setattr(AlikeRows, name, after)

    for name, by in (("state", 3), ("preparation", 5), ("array", 7)):
        slower(name, by)
    network = networks(4000, training={"batch_size": 16})[0]
    found = sampled(network, 2, CPU, meter)
    assert (found.row_set_up, found.seed_set_up, found.set_up) == (300.0, 500.0, 700.0)
    assert found.seconds == network.steps + 100.0


def test_an_epoch_of_few_steps_is_trained_whole(meter: StepMeter) -> None:
    for network in networks(60, training={"batch_size": 16}):
        assert FEW_STEPS < network.steps < MANY_STEPS
        assert sampled(network, 2, CPU, meter).seconds == network.steps + 100.0


def test_every_network_of_a_plan_can_be_tried_whatever_its_epochs(meter: StepMeter) -> None:
    factors = {"width": [8], "sharing": ["hard", "soft", "learned_branch"], "weighting": ["equal", "uncertainty"]}
    made = NetworkCosts(task_set(200)).networks(plan(factors=factors, training={"epochs": 1}))
    assert {network.recipe.sharing for network in made} >= {"hard", "soft", "single_task"}
    for network in made:
        assert sampled(network, 2, CPU, meter).seconds > 0


def test_memory_that_runs_out_is_told(monkeypatch: pytest.MonkeyPatch, meter: StepMeter) -> None:
    def full(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("mtl_core.training.fused_array.EpochTrainer._take", full)
    with pytest.raises(torch.OutOfMemoryError):
        sampled(networks(60)[0], 2, CPU, meter)
