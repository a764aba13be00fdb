"""What the manifest keeps of the planned precision, and what tasks have too little of for a verdict."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch

from mtl_core.data.outer_folds import with_outer_folds
from mtl_core.data.task import Task
from mtl_core.data.task_set import Development, Examples, TaskSet
from study.planning.planned_precision import (
    judging_rows,
    judging_units,
    majorities,
    precision_facts,
    precisions,
    shortages,
)


def labelled(positives: int, *, rows: int = 100, groups: int | None = None) -> TaskSet:
    """A binary task with so many positives among ``rows`` test rows, and a regression without labels in a half."""
    tasks = (Task("rare", "binary", "accuracy", num_classes=2), Task("rain", "regression", "mse"))
    values = torch.zeros(2 * rows, 2)
    values[:positives, 0] = values[rows : rows + positives, 0] = 1.0
    values[rows : rows + rows // 2, 1] = torch.nan
    member = None if groups is None else torch.arange(2 * rows) % groups
    parts = [Examples(torch.zeros(rows, 3), values[part], None if member is None else member[part])
             for part in (slice(0, rows), slice(rows, None))]  # fmt: skip
    return TaskSet("rows", Development(tasks, parts[0], torch.ones(3, dtype=torch.bool)), parts[1], test_is_drawn=True)


def test_rows_are_counted_by_label_and_by_group() -> None:
    assert judging_units(labelled(20), labelled(20).test) == {"rare": 100, "rain": 50}
    assert judging_units(labelled(20, groups=7), labelled(20, groups=7).test) == {"rare": 7, "rain": 7}
    assert majorities(labelled(20)) == {"rare": pytest.approx(0.8), "rain": None}


@pytest.mark.parametrize(("positives", "lacks"), [(9, "too few positives"), (10, "")])
def test_rare_positives_are_too_few_to_judge(positives: int, lacks: str) -> None:
    assert shortages(labelled(positives)) == {"rare": lacks, "rain": ""}


def test_a_score_of_probabilities_needs_positives_too() -> None:
    data = labelled(9)
    rare, rain = data.tasks
    brier = replace(data, development=replace(data.development, tasks=(replace(rare, metric="brier"), rain)))
    assert shortages(brier)["rare"] == "too few positives"


def test_a_majority_that_is_coded_1_is_no_rare_class() -> None:
    data = labelled(90)
    assert shortages(data)["rare"] == ""
    assert majorities(data)["rare"] == pytest.approx(0.9)


@pytest.mark.parametrize(("groups", "lacks"), [(9, "too few groups"), (10, "")])
def test_few_groups_are_too_few_to_judge(groups: int, lacks: str) -> None:
    assert shortages(labelled(40, groups=groups)) == {"rare": lacks, "rain": lacks}


def test_groups_of_unequal_size_count_as_fewer() -> None:
    data = labelled(40, groups=12)
    uneven = replace(data, test=replace(data.test, groups=torch.arange(100).clamp(max=11)))
    assert shortages(uneven)["rare"] == "too few groups"


def test_with_outer_folds_all_rows_judge_and_positives_add_up() -> None:
    folded = with_outer_folds(labelled(9), 5)
    assert list(precisions(folded)) == ["cross_fit", "holdout"]
    assert shortages(folded) == {"rare": "", "rain": ""}
    facts = precision_facts(folded)
    assert facts["design"] == "cross_fit"
    assert facts["tasks"]["rare"]["units"] == 200
    assert facts["mean"] == pytest.approx(precisions(folded)["cross_fit"].mean)
    assert precision_facts(labelled(9))["tasks"]["rare"]["shortage"] == "too few positives"


def test_a_group_counts_as_more_than_one_row_and_as_less_than_its_rows() -> None:
    alone, grouped = labelled(40, rows=400), labelled(40, rows=400, groups=40)
    as_rows, of_groups = (precisions(data)["holdout"].tasks["rain"] for data in (alone, grouped))
    one_each = precisions(labelled(20, rows=80))["holdout"].tasks["rain"]  # 40 of its rows are labelled
    assert as_rows < of_groups < one_each / 1.5
    assert judging_rows(grouped, 0.0) == {"rare": 400, "rain": 200}
    assert judging_rows(grouped, 1.0) == pytest.approx(judging_units(grouped, grouped.test))


def test_a_task_with_too_few_positives_has_no_half_width_and_does_not_count_in_the_mean() -> None:
    found = precisions(labelled(1))["holdout"]
    assert math.isnan(found.tasks["rare"])
    assert found.mean == found.typical == found.tasks["rain"]
    facts = precision_facts(labelled(1))
    assert facts["tasks"]["rare"]["half_width"] is None
    json.dumps(facts, allow_nan=False)
