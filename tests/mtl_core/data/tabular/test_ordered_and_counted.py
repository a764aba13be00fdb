"""Ordinal targets and counts of a table: what becomes of them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.errors import UserError
from tests.mtl_core.tasks.test_table import N, built

PAIN = np.array(["mild", "none", "strong", "mild"])[np.arange(N) % 4]
ORDER = ("none", "mild", "strong")


def test_classes_follow_their_numbers_or_the_stated_order(tmp_path: Path) -> None:
    grades = np.array([10, 2, 7])[np.arange(N) % 3]
    task_set = built(
        tmp_path, {"y_stage": grades, "y_pain": PAIN}, kinds={"y_stage": "ordinal", "y_p*n": "ordinal"},
        order={"y_pain": ORDER},
    )  # fmt: skip
    by_name = {task.name: task for task in task_set.tasks}
    assert by_name["y_stage"].classes == ("2", "7", "10")
    assert by_name["y_pain"].classes == ORDER
    assert {task.metric for task in by_name.values() if task.kind == "ordinal"} == {"class_distance"}
    labels = task_set.development.examples.targets[:, [task.name for task in task_set.tasks].index("y_pain")]
    assert sorted(labels.unique().tolist()) == [0, 1, 2]
    stated = built(tmp_path, {"y_pain": PAIN}, kinds={"y_pain": "ordinal"}, order={"y_pain": ORDER},
                   metrics={"y_pain": "quadratic_kappa"})  # fmt: skip
    assert "quadratic_kappa" in {task.metric for task in stated.tasks}


def test_counts_stay_what_they_are(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"y_price": np.arange(N) % 7}, kinds={"y_price": "count"})
    assert (task_set.tasks[0].kind, task_set.tasks[0].metric) == ("count", "poisson_deviance")
    assert set(task_set.development.examples.targets[:, 0].tolist()) <= set(range(7))
    (facts,) = [one for one in task_set.columns if one.name == "y_price"]
    assert (facts.kind, facts.treatment) == ("count", "over its mean")


@pytest.mark.parametrize(
    ("changes", "options", "found"),
    [
        ({"y_pain": PAIN}, {"kinds": {"y_pain": "ordinal"}}, "nothing says where 'mild' stands"),
        ({"y_pain": PAIN}, {"kinds": {"y_pain": "ordinal"}, "order": {"y_pain": ("none", "mild")}}, "lacks 'strong'"),
        ({"y_pain": PAIN}, {"kinds": {"y_pain": "ordinal"}, "order": {"y_pain": (*ORDER, "mild")}}, "'mild' stands"),
        ({"y_pain": PAIN}, {"order": {"y_pain": ORDER}}, "'y_pain' is not declared ordinal"),
        ({}, {"kinds": {"y_stage": "ordinal"}, "order": {"y_x": ORDER}}, "'y_x' matches no column of the targets"),
        ({"y_sick": np.arange(N) % 2}, {"kinds": {"y_sick": "ordinal"}}, "has 2 classes, which have no order"),
        ({"y_price": np.arange(N) % 5 - 1}, {"kinds": {"y_price": "count"}}, "row 1 holds -1"),
        ({"y_price": np.arange(N) % 5 + 0.5}, {"kinds": {"y_price": "count"}}, "row 1 holds 0.5"),
        ({"y_price": 1e12 + np.arange(N)}, {"kinds": {"y_price": "count"}}, "too large to be told apart"),
        ({}, {"kinds": {"age": "count"}}, "'count' is no kind of an input"),
        ({}, {"kinds": {"y_price": "ratio"}}, "'ratio' is no kind of column"),
        ({"y_price": np.arange(N) % 5}, {"kinds": {"y_price": "count"}, "metrics": {"y_price": "accuracy"}},
         "'accuracy' does not judge 'y_price', which is count"),
    ],
)  # fmt: skip
def test_what_is_unfit_is_refused(changes: Any, options: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        built(tmp_path, changes, **options)
    assert found in refused.value.found
    assert refused.value.where
    assert refused.value.remedy
