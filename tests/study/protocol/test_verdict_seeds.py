"""The number of verdict seeds, and the first free one, as the ledger decides them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from study.planning.make_plan import make_plan
from study.planning.plan import Plan
from study.protocol.verdict_seeds import next_seed, num_seeds, own_seeds
from tests.study.conftest import small_task_set, tiny


@pytest.fixture
def plan() -> Plan:
    return make_plan(tiny(verdict={"seeds": 10}), small_task_set().development)


def fitted(seeds: int, **facts: Any) -> dict[str, Any]:
    return {"event": "fitted", "phase": "verdict", "seeds": seeds, "planned": 10, **facts}


def addition(first: int, seeds: int, asked: int | None) -> dict[str, Any]:
    return {"event": "addition", "first": first, "seeds": seeds, "asked": {"seeds": asked}}


@pytest.mark.parametrize("seeds", [5, 25])
def test_under_a_budget_they_are_what_fitted(plan: Plan, seeds: int) -> None:
    confirm = {"event": "fitted", "phase": "confirm", "seeds": 7, "planned": 10}
    search = {"event": "fitted", "phase": "search", "trials": 12}
    events = [search, confirm, fitted(5, provisional=True), fitted(seeds)]
    assert num_seeds(events, plan) == seeds
    assert next_seed(events, plan) == 2000 + seeds


def test_without_a_decision_they_are_those_of_the_plan_and_a_further_block_counts(plan: Plan) -> None:
    assert (num_seeds([], plan), next_seed([], plan)) == (10, 2010)
    events = [{"event": "extended", "seeds": 18}, {"event": "extended", "seeds": 30}]
    assert own_seeds(events, plan) == range(2000, 2030)


def test_outer_folds_have_whole_blocks(plan: Plan) -> None:
    folds = replace(plan, folds=5)
    assert num_seeds([fitted(5)], folds) == 10, "two seeds of each fold, at least"
    assert next_seed([fitted(11)], folds) == 2015


def test_added_seeds_count_for_the_chosen_arm_and_added_arms_only_take_theirs(plan: Plan) -> None:
    events = [addition(2010, 10, None), addition(2020, 5, 15)]
    assert (num_seeds(events, plan), next_seed(events, plan)) == (15, 2025)


def test_seeds_that_an_addition_trained_once_more_count_once(plan: Plan) -> None:
    events = [fitted(25), addition(2010, 10, 20)]
    assert (num_seeds(events, plan), next_seed(events, plan)) == (25, 2025)
