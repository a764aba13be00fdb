"""Additions as the ledger has them: fresh seeds, one at a time, the same again when the command is repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtl_core.errors import UserError
from study.planning.make_plan import make_plan
from study.planning.plan import Plan
from study.protocol.addition import Asked, addition_of, made_before, open_addition
from study.protocol.addition_checks import arms_by_label, check_arms
from study.protocol.context import arm_of
from study.protocol.verdict_seeds import next_seed, num_seeds
from tests.study.conftest import small_task_set, tiny
from tests.study.protocol.test_follow_up import three_tasks

CHOSEN, OTHER = "hard d2 w4 l2 equal adamw", "hard d1 w4 l2 equal adamw"


def finished(**changes: Any) -> list[dict[str, Any]]:
    """The ledger of a finished study, as far as additions read it."""
    draws = {CHOSEN: {"rain": 0, "sun": 0}, OTHER: {"rain": 0, "sun": 0}}
    judged = {"arms": [CHOSEN], "baselines": {CHOSEN: {}}}
    values = {"draws": draws, "arm": {"arm": CHOSEN}, "judged": judged} | changes
    frozen = [{"event": "frozen", "choice": choice, "value": value} for choice, value in values.items()]
    return [*frozen, {"event": "looked", "look": 1, "level_divisor": 1}, {"event": "test_opened", "phase": "verdict"}]


@pytest.fixture
def plan() -> Plan:
    return make_plan(tiny(verdict={"seeds": 5}), small_task_set().development)


def begun(asked: Asked, events: list[dict[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    return [*events, {"event": "addition", **addition_of(asked, events, plan, "run").event()}]


def ended(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    number = events[-1]["number"]
    return [*events, {"event": "looked", "look": number + 1}, {"event": "added_to_verdict", "number": number}]


def test_seeds_are_a_block_behind_all_that_were_trained(plan: Plan) -> None:
    extended = [*finished(), {"event": "extended", "seeds": 8}]
    assert next_seed(extended, plan) == 2008
    found = addition_of(Asked(seeds=20), extended, plan, "run")
    assert (found.number, found.first, found.seeds, found.look) == (1, 2008, 12, 2)
    assert found.event()["level_divisor"] == 2


def test_added_arms_get_seeds_of_their_own_and_later_seeds_come_behind_these(plan: Plan) -> None:
    once = ended(begun(Asked(arms=(OTHER,)), finished(), plan))
    assert [event["first"] for event in once if event["event"] == "addition"] == [2005]
    assert num_seeds(once, plan) == 5, "the chosen arm has no more seeds than before"
    twice = addition_of(Asked(seeds=9), once, plan, "run")
    assert (twice.number, twice.first, twice.seeds, twice.look) == (2, 2010, 4, 3)
    assert num_seeds(ended(begun(Asked(seeds=9), once, plan)), plan) == 9


def test_an_added_arm_gets_as_many_seeds_as_the_chosen_one_has(plan: Plan) -> None:
    found = addition_of(Asked(arms=(OTHER,)), [*finished(), {"event": "extended", "seeds": 8}], plan, "run")
    assert (found.first, found.seeds) == (2008, 8)


def test_outer_folds_get_whole_blocks() -> None:
    plan = make_plan(tiny(verdict={"seeds": 6}), small_task_set().development)
    plan = type(plan)(**{**vars(plan), "folds": 3})
    found = addition_of(Asked(seeds=7), finished(), plan, "run")
    assert (found.first, found.seeds) == (2006, 3), "one seed for each fold, which has two at least"
    assert (addition_of(Asked(seeds=10), finished(), plan, "run")).seeds == 6
    added = addition_of(Asked(arms=(OTHER,)), finished(), plan, "run")
    assert (added.first, added.seeds) == (2006, 6), "an arm gets as many as the chosen one has"


def test_the_same_command_goes_on_with_what_was_begun_and_another_waits(plan: Plan) -> None:
    events = begun(Asked(seeds=10), finished(), plan)
    assert open_addition(events) == addition_of(Asked(seeds=10), events, plan, "run")
    with pytest.raises(UserError) as refused:
        addition_of(Asked(seeds=11), events, plan, "my run")
    assert refused.value.remedy == "Finish it first: mtl-study extend 'my run' --seeds 10"
    assert open_addition(ended(events)) is None


def test_what_was_added_is_known_by_what_was_asked_in_whatever_order(four_tasks: Plan) -> None:
    first, second = four_tasks.tasks[:2]
    events = begun(Asked(without=(first, second)), finished(), four_tasks)
    assert not made_before(Asked(without=(first, second)), events)
    assert made_before(Asked(without=(second, first)), ended(events))
    assert not made_before(Asked(without=(second,)), ended(events))
    assert not made_before(Asked(seeds=10), ended(events))
    diverged = {"event": "added_to_verdict", "number": 1, "reason": "no draw trained to its end"}
    assert not made_before(Asked(without=(first, second)), [*events, diverged]), "it may be tried again"


def test_so_many_seeds_are_there_already(plan: Plan) -> None:
    with pytest.raises(UserError, match="has 5 verdict seeds already, so there is nothing to add") as refused:
        addition_of(Asked(seeds=5), finished(), plan, "run")
    assert "--seeds 10" in refused.value.remedy


def test_the_command_is_quoted_for_a_shell(plan: Plan) -> None:
    found = addition_of(Asked(arms=(OTHER,)), finished(), plan, "run")
    assert found.command("runs/a b") == f"mtl-study extend 'runs/a b' --arms '{OTHER}'"


@pytest.mark.parametrize("fitted", [3, 12])
def test_seeds_are_added_to_those_that_fitted_into_a_budget(plan: Plan, fitted: int) -> None:
    events = [*finished(), {"event": "fitted", "phase": "verdict", "seeds": fitted, "planned": 5}]
    found = addition_of(Asked(seeds=20), events, plan, "run")
    assert (found.first, found.seeds) == (2000 + fitted, 20 - fitted)
    with pytest.raises(UserError, match=f"has {fitted} verdict seeds already"):
        addition_of(Asked(seeds=fitted), events, plan, "run")


@pytest.fixture
def four_tasks() -> Plan:
    # of three tasks one can be left out, so the order shows with a fourth only
    plan = make_plan(tiny(verdict={"seeds": 5}), three_tasks().development)
    return replace(plan, tasks=(*plan.tasks, "snow"))


def test_the_order_in_which_tasks_are_named_makes_no_other_addition(four_tasks: Plan) -> None:
    first, second = four_tasks.tasks[:2]
    events = begun(Asked(without=(second, first)), finished(), four_tasks)
    assert events[-1]["asked"]["without"] == [first, second], "the order of the task set"
    for order in ((first, second), (second, first)):
        assert addition_of(Asked(without=order), events, four_tasks, "run") == open_addition(events)
    left_by_an_earlier_version = [*events[:-1], events[-1] | {"asked": Asked(without=(second, first)).facts()}]
    found = addition_of(Asked(without=(first, second)), left_by_an_earlier_version, four_tasks, "run")
    assert found == open_addition(left_by_an_earlier_version)


def test_what_was_judged_without_some_tasks_is_judged_in_every_order(four_tasks: Plan) -> None:
    first, second = four_tasks.tasks[:2]
    chosen = arms_by_label(finished(), four_tasks)[CHOSEN]
    added = replace(chosen, without=(second, first))
    assert arm_of(added.identity()) == added
    events = [*finished(judged={"arms": [CHOSEN, added.label]}), {"event": "added", "levels": added.identity()}]
    for order in ((first, second), (second, first)):
        with pytest.raises(UserError, match="is judged already"):
            check_arms(order, (), events, four_tasks)


def test_an_arm_is_named_once(plan: Plan) -> None:
    with pytest.raises(UserError, match="an arm is named twice"):
        check_arms((), (OTHER, OTHER), finished(), plan)
