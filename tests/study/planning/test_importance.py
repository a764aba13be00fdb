"""Stated importance: from patterns to tasks, and what cannot be said."""

from __future__ import annotations

import pytest

from mtl_core.errors import UserError
from study.planning.importance import settle_importance
from study.planning.planned_precision import precision_facts
from tests.study.conftest import small_task_set, tiny

TASKS = ["y_a", "y_b", "z"]


def test_patterns_become_tasks_and_those_that_are_not_named_have_one() -> None:
    settled = settle_importance(tiny(importance={"y_*": 2, "y_b": 5}), TASKS)
    assert settled.importance == {"y_a": 2.0, "y_b": 5.0, "z": 1.0}
    assert settle_importance(settled, TASKS) == settled


def test_importance_that_is_the_same_for_all_states_nothing() -> None:
    assert settle_importance(tiny(importance={"*": 3}), TASKS) == tiny()
    assert settle_importance(tiny(importance={"*": 3}), TASKS).digest() == tiny().digest()


@pytest.mark.parametrize(
    ("importance", "found"),
    [({"x": 2}, "'x' matches no column of the tasks"), ({"y_*": 2, "*_a": 3}, "'y_*' says 2.0 and '*_a' says 3.0")],
)
def test_unknown_tasks_and_patterns_that_disagree_are_refused(importance: dict[str, float], found: str) -> None:
    with pytest.raises(UserError) as refused:
        settle_importance(tiny(importance=importance), TASKS)
    assert refused.value.where == "importance"
    assert found in refused.value.found
    assert refused.value.remedy


def test_the_planned_interval_of_the_mean_goes_by_importance() -> None:
    task_set = small_task_set()
    names = [task.name for task in task_set.tasks]
    plain = precision_facts(task_set)
    assert precision_facts(task_set, dict.fromkeys(names, 4.0))["mean"] == pytest.approx(plain["mean"])
    alone = precision_facts(task_set, {names[0]: 1e6})
    assert alone["mean"] == pytest.approx(plain["tasks"][names[0]]["half_width"], rel=1e-3)
    assert alone["tasks"] == plain["tasks"]
