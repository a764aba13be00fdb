"""What cannot be added, with the place and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_core.errors import UserError
from study.planning.make_plan import make_plan
from study.protocol.addition_checks import check_arms, refuse_unfinished
from tests.study.conftest import tiny
from tests.study.protocol.test_addition import CHOSEN, OTHER, finished
from tests.study.protocol.test_follow_up import three_tasks


def refused(*, without: tuple[str, ...] = (), arms: tuple[str, ...] = (), **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        check_arms(without, arms, finished(**changes), make_plan(tiny(), three_tasks().development))
    return caught.value


@pytest.mark.parametrize(
    ("without", "where", "found", "remedy"),
    [
        (("sum",), "--without sum", "no such task", "Did you mean 'sun'?"),
        (("sun", "rain"), "--without sun --without rain", "1 of 3 tasks are left", "two tasks or more"),
        (("sun", "sun"), "--without sun --without sun", "named twice", "once"),
    ],
)
def test_tasks_to_leave_out(without: tuple[str, ...], where: str, found: str, remedy: str) -> None:
    error = refused(without=without)
    assert error.where == where
    assert found in error.found
    assert remedy in error.remedy


def test_a_candidate_that_is_judged_already() -> None:
    label = f"{CHOSEN} without sun"
    error = refused(without=("sun",), judged={"arms": [CHOSEN, label], "baselines": {}})
    assert "is judged already, so there is nothing to add" in error.found
    assert "--seeds" in error.remedy


def test_an_arm_that_shares_nothing_has_nothing_to_leave_out() -> None:
    error = refused(without=("sun",), arm={"arm": "independent w4 l2 equal adamw"})
    assert "shares nothing" in error.found
    assert "--arms" in error.remedy


def test_an_arm_with_a_weight_for_each_task_has_none_to_leave_out() -> None:
    fixed = "hard d2 w4 l2 fixed adamw"
    events = finished(arm={"arm": fixed}, draws={fixed: {"rain": 0, "sun": 0, "wind": 0}})
    plan = make_plan(tiny(factors={"weighting": ["fixed"]}), three_tasks().development)
    with pytest.raises(UserError, match="names its tasks, with a weight for each") as caught:
        check_arms(("sun",), (), events, plan)
    assert "--arms" in caught.value.remedy


@pytest.mark.parametrize(
    ("label", "found", "remedy"),
    [
        (CHOSEN, "judged already, so there is nothing to add", "--seeds"),
        ("single_task w4 l2 adamw", "shares nothing", "an arm that shares"),
        ("hard d1 w4 l2 equal adam", "no such arm was searched", f"Did you mean {OTHER!r}?"),
    ],
)
def test_arms_that_cannot_be_judged(label: str, found: str, remedy: str) -> None:
    error = refused(arms=(label,))
    assert error.where == f"--arms {label}"
    assert found in error.found
    assert remedy in error.remedy


def test_an_arm_that_was_explored_on_the_verdict_seeds_is_not_judged_on_them() -> None:
    label = OTHER.replace("equal", "scheduled")
    error = refused(arms=(label,), explored={"arms": {"scheduled": label}, "members": 12})
    assert "explored on the verdict seeds" in error.found
    assert "study of its own" in error.remedy


def test_what_can_be_added_passes() -> None:
    plan = make_plan(tiny(), three_tasks().development)
    check_arms(("sun",), (), finished(), plan)
    check_arms((), (OTHER,), finished(), plan)


def test_a_study_without_an_answer_is_refused() -> None:
    with pytest.raises(UserError, match="not finished"):
        refuse_unfinished([event for event in finished() if event["event"] == "frozen"], "run")
    with pytest.raises(UserError, match="ended without an answer"):
        refuse_unfinished([*finished(), {"event": "ended", "phase": "search"}], "run")
    refuse_unfinished(finished(), "run")
