"""The order of the phases, and that training never has the test split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from study.execution.scheduler import Parallel, Steps
from study.protocol import pipeline
from study.protocol.context import StudyContext
from tests.study.conftest import small_task_set
from tests.study.protocol.conftest import Opener


def test_what_trains_has_no_test_split_and_what_scores_has(opened: Opener) -> None:
    (_, training), (_, scoring) = pipeline.stages(opened(), small_task_set())
    assert training.test is None
    assert scoring.test is not None
    assert len(scoring.test) == 20


def expanded(steps: Steps) -> Iterator[Any]:
    """What steps yield, and what those yield that they let run side by side."""
    for step in steps:
        if isinstance(step, Parallel):
            for beside in step.steps:
                yield from expanded(beside)
        else:
            yield step


def test_phases_follow_each_other_and_choices_are_made_in_every_outer_fold(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def seen(name: str, context: StudyContext) -> None:
        fold = "all" if context.plan.fold is None else context.plan.fold
        order.append(name if context.plan.folds == 1 else f"{name} {fold}")

    def phase(name: str, *, per_fold: bool) -> Any:
        def steps(context: StudyContext, *_: object) -> Steps:
            seen(name, context) if per_fold else order.append(name)
            yield []

        return steps

    def decision(name: str) -> Any:
        def decide(context: StudyContext) -> str:
            seen(name, context)
            return "something"

        return decide

    for name, fold in (("search", 0), ("confirm", 0), ("choose_judged", 1), ("explore", 0), ("verdict", 0)):
        monkeypatch.setattr(pipeline, name, phase(name, per_fold=bool(fold)))
    for name in ("select", "choose"):
        monkeypatch.setattr(pipeline, name, decision(name))
    monkeypatch.setattr(pipeline, "ends_here", lambda *_: False)
    monkeypatch.setattr(pipeline, "refuse_without_verdict", lambda *_: None)
    context = opened()
    assert list(expanded(pipeline.training(context))) == [[]] * 5
    assert order == ["search", "select", "confirm", "choose", "choose_judged", "explore", "verdict"]
    order.clear()
    in_folds = replace(context, plan=replace(context.plan, folds=2))
    assert len(list(expanded(pipeline.training(in_folds)))) == 7
    every = [0, 1, "all"]
    assert order == [
        "search", *[f"select {fold}" for fold in every], "confirm", *[f"choose {fold}" for fold in every],
        *[f"choose_judged {fold}" for fold in ("all", 0, 1)], "explore", "verdict",
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
    monkeypatch.setattr(pipeline, "choose", lambda context: choose)
    assert list(pipeline.choosing(opened()))
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
