"""The verdict: who is judged against whom, and baselines of as many parameters."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from mtl_core.network.cost import cost_of
from study.planning.training_settings import recipe_of
from study.protocol.select import select
from study.protocol.verdict import best_widths, choose_judged, total_baseline, verdict
from tests.study.protocol.conftest import Opener, frozen
from tests.study.protocol.test_search import jobs


@pytest.mark.parametrize("place", [0, 1])
def test_the_total_baseline_is_nearest_to_the_arm_in_parameters(opened: Opener, place: int) -> None:
    context = opened()
    arm, settings = context.plan.candidates[place], context.plan.settings("verdict")
    total, ratio = total_baseline(context, arm)
    wanted = cost_of(recipe_of(arm, settings), context.development).parameters_total

    def size(width: int) -> int:
        recipe = recipe_of(replace(arm.each(), width=width), settings)
        return sum(cost_of(recipe, context.development.only(task)).parameters_total for task in context.plan.tasks)

    assert total.is_single_task
    assert ratio == size(total.width) / wanted
    neighbours = [size(width) for width in (total.width - 1, total.width + 1) if width > 0]
    assert all(abs(other - wanted) >= abs(size(total.width) - wanted) for other in neighbours)


def test_where_trees_are_found_the_total_baseline_is_as_large_as_they_are(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = opened()
    arm = replace(context.plan.candidates[0], sharing="learned_branch", depth=None)
    trees = pd.DataFrame({"arm": [arm.label, arm.label, "another"], "parameters_total": [100, 140, 9999]})
    monkeypatch.setattr(type(context), "of_phase", lambda self, phase: {"confirm": trees}[phase])
    total, ratio = total_baseline(context, arm)
    recipe = recipe_of(total, context.plan.settings("verdict"))
    size = sum(cost_of(recipe, context.development.only(task)).parameters_total for task in context.plan.tasks)
    assert ratio == size / 120


def test_each_task_has_the_best_of_the_confirmed_single_task_arms(opened: Opener) -> None:
    context = opened()
    best = best_widths(context, select(context))
    assert set(best) == {"rain", "sun"}
    assert {arm.sharing for arm in context.arms(best.values())} == {"single_task"}
    assert best_widths(context, {}) == {}, "only arms that are selected"


def test_the_chosen_arm_and_the_reference_are_judged_against_their_baselines(opened: Opener) -> None:
    context = opened(until=frozen("judged"))
    chosen = context.plan.candidates[0]
    context.freeze("arm", {"arm": chosen.label})
    steps = choose_judged(context)
    try:
        while True:
            assert not any(job.missing(context.archive) for inner in next(steps).steps for job in jobs(inner))
    except StopIteration as end:
        judged = end.value
    assert judged["arms"] == [arm.label for arm in context.plan.candidates]
    baselines = judged["baselines"][chosen.label]
    assert baselines["each"] == chosen.each().label
    assert baselines["loop"] == chosen.loop().label
    assert baselines["total"] == total_baseline(context, chosen)[0].label
    assert context.ledger.frozen("judged") == judged


def test_the_verdict_trains_judged_arms_and_baselines_on_seeds_that_chose_nothing(opened: Opener) -> None:
    context = opened()
    judged = context.ledger.frozen("judged")
    found = jobs(verdict(context))
    assert {replica.seed for job in found for replica in job.replicas.values()} == {2000, 2001}
    assert set(judged["arms"]) <= {job.arm.label for job in found}
    assert not any(job.missing(context.archive) for job in found)
