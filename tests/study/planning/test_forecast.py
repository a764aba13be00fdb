"""Forecasts: what they grow with, and the refusal to start what cannot finish."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.planning.array_cost import Point
from study.planning.forecast import Forecast, Forecaster, refuse_if_too_large
from study.planning.make_plan import make_plan
from study.planning.plan import Plan
from study.planning.trials import Trials

TASKS = tuple(Task(f"task {number}", "regression", "mse") for number in range(3))


def task_set(num_examples: int = 1000) -> TaskSet:
    examples = Examples(torch.zeros(num_examples, 20), torch.zeros(num_examples, 3))
    return TaskSet("set", Development(TASKS, examples, torch.zeros(20, dtype=torch.bool)), examples)


def plan(**parts: Any) -> Plan:
    return make_plan(Spec.model_validate({"tasks": {"set": "digits3"}, **parts}), task_set().development)


def forecast(workers: int = 1, num_examples: int = 1000, **parts: Any) -> Forecast:
    return Forecaster(task_set(num_examples), workers).forecast(plan(**parts))


def test_time_grows_with_everything_that_is_trained() -> None:
    base = forecast()
    for parts in (
        {"training": {"epochs": 60}},
        {"factors": {"width": [16, 64, 256]}},
        {"factors": {"stages": 5}},
        {"confirm": {"seeds": 20}},
        {"verdict": {"seeds": 60}},
        {"tuning": {"draws": 16}},
        {"search": {"seeds": 4}},
        {"search": {"rungs": []}},
    ):
        assert forecast(**parts).seconds > base.seconds, parts
    assert forecast(num_examples=4000).seconds > 2 * base.seconds
    assert forecast(workers=4, backend="ray").seconds < base.seconds
    assert forecast(confirm={"arms": 1}).confirm < base.confirm
    assert forecast(search={"strategy": "optuna", "trials": 1}).search < base.search


def test_small_studies_run_in_one_process_and_the_forecast_says_so() -> None:
    small = forecast(workers=4, factors={"width": 4}, tuning={"draws": 1}, training={"epochs": 1})
    assert small.training == small.work
    assert forecast(workers=4, factors={"width": 4}, backend="ray").training * 4 == pytest.approx(
        forecast(workers=1, factors={"width": 4}).work
    )


def test_everything_that_takes_time_is_in_the_sum() -> None:
    found = forecast()
    assert found.seconds == pytest.approx(found.processor)
    parts = (found.work, found.start, found.score, found.report)
    assert all(part > 0 for part in parts)
    assert found.seconds == pytest.approx(sum(parts))
    assert forecast(workers=4, training={"epochs": 300}).processor > forecast(training={"epochs": 300}).processor


def test_trials_take_the_place_of_the_model() -> None:
    made = plan(factors={"width": [16, 64]})
    forecaster = Forecaster(task_set(), 1)
    slow = Trials(
        {
            network.kind: [Point(network.multiply_adds, network.modelled.times(10))]
            for network in forecaster.costs.networks(made)
        }
    )
    modelled = forecaster.forecast(made)
    assert Forecaster(task_set(), 1, trials=slow).forecast(made).work > 3 * modelled.work
    assert Forecaster(task_set(), 1, trials=Trials(factor=3.0)).forecast(made).work > 2 * modelled.work


def test_disk_and_memory_grow_with_size() -> None:
    base, wide = forecast(), forecast(factors={"width": [16, 1024]})
    assert wide.disk > base.disk
    assert wide.memory > base.memory
    assert base.peak_disk >= base.disk
    assert forecast(workers=4).memory > 3 * base.memory


def test_halving_halves() -> None:
    parts = {"tuning": {"draws": 8}, "training": {"epochs": 40}}
    assert plan(**parts, search={"rungs": []}).space().halved_epochs() == 8 * 40
    assert plan(**parts, search={"rungs": [0.5]}).space().halved_epochs() == 8 * 20 + 4 * 20
    assert plan(**parts, search={"rungs": [0.25, 0.5]}).space().halved_epochs() == 8 * 10 + 4 * 10 + 2 * 20


@pytest.mark.parametrize(("disk", "memory", "where"), [(10.0, 1e15, "disk"), (1e15, 10.0, "memory")])
def test_what_cannot_finish_is_not_started(disk: float, memory: float, where: str) -> None:
    with pytest.raises(UserError) as caught:
        refuse_if_too_large(forecast(), disk, memory)
    assert caught.value.where == where
    refuse_if_too_large(forecast(), 1e15, 1e15)


def test_other_programs_lengthen_all_that_the_clock_counts_and_nothing_else() -> None:
    busy = Forecaster(task_set(), 1, trials=Trials(slowdown=3.0))
    found, usual = busy.forecast(plan()), forecast()
    assert found.seconds == pytest.approx(3 * usual.seconds)
    assert found.verdict == pytest.approx(3 * usual.verdict)
    assert (found.work, found.processor, found.memory) == (usual.work, usual.processor, usual.memory)
    assert busy.undisturbed().forecast(plan()) == usual
