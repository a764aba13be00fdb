"""The order of the phases, and that training never has the test split."""

from __future__ import annotations

from typing import Any

import pytest

from study.execution.scheduler import Parallel, Steps
from study.protocol import pipeline
from tests.study.conftest import small_task_set
from tests.study.protocol.conftest import Opener


def test_what_trains_has_no_test_split_and_what_scores_has(opened: Opener) -> None:
    (_, training), (_, scoring) = pipeline.stages(opened(), small_task_set())
    assert training.test is None
    assert scoring.test is not None
    assert len(scoring.test) == 20


def test_phases_follow_each_other_and_hand_their_results_on(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[tuple[Any, ...]] = []

    def phase(name: str, result: Any) -> Any:
        def steps(context: Any, *given: Any) -> Steps:
            order.append((name, *given))
            yield []
            return result

        return steps

    def decision(name: str, result: Any) -> Any:
        def decide(context: Any, *given: Any) -> Any:
            order.append((name, *given))
            return result

        return decide

    judged = {"arms": ["best"]}
    for name, result in (("search", None), ("confirm", "labels"), ("choose_judged", judged), ("verdict", None)):
        monkeypatch.setattr(pipeline, name, phase(name, result))
    monkeypatch.setattr(pipeline, "select", decision("select", "draws"))
    monkeypatch.setattr(pipeline, "choose", decision("choose", {"arm": "best"}))
    assert list(pipeline.training(opened())) == [[]] * 4
    assert order == [
        ("search",), ("select",), ("confirm", "draws"), ("choose", "labels"), ("choose_judged", "best", "draws"),
        ("verdict", judged),
    ]  # fmt: skip


@pytest.mark.parametrize(("select", "choose", "last"), [({}, None, "search"), ("draws", None, "confirm")])
def test_a_phase_that_leaves_nothing_is_the_last(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, select: Any, choose: Any, last: str
) -> None:
    begun: list[str] = []

    def phase(name: str) -> Any:
        def steps(*given: Any) -> Steps:
            begun.append(name)
            yield []

        return steps

    for name in ("search", "confirm", "choose_judged", "verdict"):
        monkeypatch.setattr(pipeline, name, phase(name))
    monkeypatch.setattr(pipeline, "select", lambda context: select)
    monkeypatch.setattr(pipeline, "choose", lambda context, labels: choose)
    assert list(pipeline.training(opened()))
    assert begun[-1] == last


def test_a_search_with_frozen_draws_is_over(opened: Opener) -> None:
    assert list(pipeline.search(opened())) == []


@pytest.mark.parametrize("strategy", ["grid", "optuna"])
def test_a_grid_searches_every_arm_and_a_sampler_all_but_its_own(opened: Opener, strategy: str) -> None:
    context = opened(until=lambda event: event["event"] == "frozen", search={"seeds": 1, "strategy": strategy})
    (step,) = pipeline.search(context)
    assert isinstance(step, Parallel)
    arms = len(context.plan.arms)
    others = len(context.plan.baselines) + len(context.plan.references)
    assert len(step.steps) == (arms if strategy == "grid" else others + 1)
