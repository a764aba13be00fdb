"""Trials: what they measure of real networks, which are tried, and what follows for the others."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
import torch

from study.planning import trials as module
from study.planning.array_cost import ArrayCost, Point
from study.planning.network_costs import NetworkCosts
from study.planning.trials import Trials, tried
from tests.study.planning.test_forecast import plan, task_set

COST = ArrayCost(1.0, 1.0, 1.0, 1.0)


def test_a_real_network_is_tried_and_the_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    networks = NetworkCosts(task_set()).networks(plan(factors={"width": [8, 32, 16], "stages": [2]}))
    found = tried(networks)
    assert torch.get_num_threads() == before
    assert set(found.points) == {network.kind for network in networks}
    assert all(len(points) == 2 for points in found.points.values()), "the smallest and the largest"
    assert all(point.cost.seconds(8, 10) > 0 for points in found.points.values() for point in points)
    assert found.factor > 0


@pytest.mark.parametrize(("clock", "slowdown"), [(3.0, 3.0), (0.5, 1.0)])
def test_a_clock_that_runs_ahead_of_the_processor_is_a_slowdown(
    clock: float, slowdown: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = count(1.0)
    monkeypatch.setattr(module.time, "process_time", lambda: next(processor))
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock * next(processor))
    networks = NetworkCosts(task_set()).networks(plan(factors={"width": [8], "stages": [1]}))
    assert tried(networks[:1]).slowdown == pytest.approx(slowdown, rel=0.2)


def test_when_the_time_is_used_up_the_costliest_kind_has_been_tried() -> None:
    networks = NetworkCosts(task_set()).networks(plan(factors={"width": [8]}))
    chosen = networks[0]
    costly = [replace(network, weight=9.0 if network is chosen else 1.0) for network in networks]
    assert set(tried(costly, seconds=0.0).points) == {chosen.kind}


def test_an_epoch_of_many_steps_is_tried_on_a_part_of_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    from mtl_core.training import trainer

    sizes: list[int] = []
    fit = trainer.fit

    def counting(recipe, development, rows, **options):  # type: ignore[no-untyped-def]
        sizes.append(len(development.examples))
        return fit(recipe, development, rows, **options)

    monkeypatch.setattr(trainer, "fit", counting)
    made = NetworkCosts(task_set(20_000)).networks(plan(factors={"width": [8]}, training={"batch_size": 16}))
    tried(made[:1])
    assert set(sizes) == {int(20_000 * module.MOST_STEPS / made[0].steps)}


def test_kinds_that_were_not_tried_differ_from_the_model_as_the_others_do() -> None:
    found = Trials({("hard", "equal", "mlp", 2): [Point(100.0, COST)]}, factor=3.0)
    assert found.cost(("hard", "equal", "mlp", 2), 500.0, COST.times(7)) == COST
    assert found.cost(("soft", "equal", "mlp", 2), 500.0, COST) == COST.times(3)


def test_trials_run_in_float32_on_the_cpu_whatever_the_study_trains_in() -> None:
    made = plan(factors={"width": [8], "stages": [1]}, training={"precision": "tf32"})
    networks = NetworkCosts(task_set()).networks(made)
    assert {network.recipe.precision for network in networks} == {"tf32"}
    assert set(tried(networks[:1]).points) == {networks[0].kind}
