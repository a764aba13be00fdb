"""A column of tasks: every task has the rows of its value, in every split, and no rows of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from mtl_core.data.outer_folds import with_outer_folds
from mtl_core.data.splits import split
from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks.table import Table

SIZES = {"10": 40, "2": 60, "x": 12}
NAMES = ("2", "10", "x")


def columns(**changes: Any) -> dict[str, Any]:
    """A long table of three schools in random order, whose rows have one input and one score."""
    chance = np.random.default_rng(0)
    school = chance.permutation(np.repeat(list(SIZES), list(SIZES.values())))
    number = len(school)
    good = {"school": school, "age": chance.normal(size=number), "score": chance.normal(size=number)}
    return good | changes


def built(folder: Path, changes: dict[str, Any] | None = None, **options: Any) -> TaskSet:
    path = folder / "schools.parquet"
    parquet.write_table(pa.table(columns(**(changes or {}))), path)
    return Table(**{"path": path, "targets": ("score",), "task": "school"} | options).build()


def test_every_value_is_a_task_with_the_labels_of_its_own_rows(tmp_path: Path) -> None:
    task_set, given = built(tmp_path), columns()
    assert tuple(task.name for task in task_set.tasks) == NAMES
    assert task_set.development.own_inputs
    inputs = torch.cat([task_set.development.examples.inputs, task_set.test.inputs]).squeeze(1).numpy()
    targets = torch.cat([task_set.development.examples.targets, task_set.test.targets]).numpy()
    row = {age: place for place, age in enumerate(given["age"].astype(np.float32))}
    for age, labels in zip(inputs, targets, strict=True):
        place = row[age]
        own = NAMES.index(given["school"][place])
        assert labels[own] == pytest.approx(given["score"][place])
        assert np.isnan(np.delete(labels, own)).all()


def test_labels_of_a_task_far_from_those_of_others_keep_their_digits(tmp_path: Path) -> None:
    given = columns()
    far = np.where(given["school"] == "2", 1e6, 0.0) + 0.05 * given["score"]
    task_set = built(tmp_path, {"score": far})
    origin = task_set.development.target_origin
    assert origin is not None
    assert (origin != 0).tolist() == [True, False, False]
    found = torch.cat([task_set.development.examples.targets, task_set.test.targets]).double() + origin
    for column, name in enumerate(NAMES):
        labels = found[:, column][~found[:, column].isnan()].sort().values.numpy()
        assert labels == pytest.approx(np.sort(far[given["school"] == name]), abs=1e-7, rel=0)
    counts = np.where(given["school"] == "2", 10**6, 0) + np.arange(len(far)) % 7
    assert built(tmp_path, {"score": counts}, kinds={"score": "count"}).development.target_origin is None


def test_a_fifth_of_every_task_is_for_testing_and_every_task_is_in_every_split_and_fold(tmp_path: Path) -> None:
    task_set = built(tmp_path)
    tested = (~task_set.test.targets.isnan()).sum(dim=0).tolist()
    assert tested == [round(SIZES[name] / 5) for name in NAMES]
    folded = with_outer_folds(task_set, 5)
    number = folded.development.folds
    assert number is not None
    for fold in range(5):
        assert folded.development.labels[number == fold].any(dim=0).all()
    for seed in range(20):
        for part in split(folded.development, seed):
            assert folded.development.labels[part].any(dim=0).all()


def test_tasks_so_small_that_no_random_order_serves_them_are_divided_for_themselves(tmp_path: Path) -> None:
    many = np.repeat(np.arange(60), 10)
    chance = np.random.default_rng(1)
    changes = {"school": many, "age": chance.normal(size=600), "score": chance.normal(size=600)}
    task_set = with_outer_folds(built(tmp_path, changes), 5)
    number = task_set.development.folds
    assert number is not None
    assert np.bincount(number.numpy()).tolist() == [120] * 5
    assert all(task_set.development.labels[number == fold].sum(dim=0).tolist() == [2] * 60 for fold in range(5))
    for part in split(task_set.development, 3):
        assert task_set.development.labels[part].any(dim=0).all()


def test_tasks_with_few_or_equal_labels_are_left_out_with_their_rows(tmp_path: Path) -> None:
    given = columns()
    score = np.where(given["school"] == "10", 3.0, given["score"])
    score[np.flatnonzero(given["school"] == "x")[:3]] = np.nan
    three_more = {"school": np.append(given["school"], ["z"] * 40), "age": np.append(given["age"], np.arange(40.0))}
    three_more["score"] = np.append(score, np.arange(40.0))
    task_set = built(tmp_path, three_more)
    assert [task.name for task in task_set.tasks] == ["2", "z"]
    left_out = {remark.subject: remark.text for remark in task_set.remarks if remark.kind == "task_left_out"}
    assert "one and the same label" in left_out["10"]
    assert "has 9 labels" in left_out["x"]
    assert len(task_set.development.examples) + len(task_set.test) == 100


def test_one_metric_judges_all_tasks_and_the_users_is_refused_where_it_is_not_known(tmp_path: Path) -> None:
    given = columns()
    rare = (np.arange(len(given["age"])) % 7 == 0).astype(int)
    task_set = built(tmp_path, {"score": rare})
    assert {task.metric for task in task_set.tasks} == {"brier"}
    said = [remark.text for remark in task_set.remarks if remark.kind == "common_class"]
    assert len(said) == 1
    assert "judges all tasks" in said[0]
    with pytest.raises(UserError, match="auroc needs them"):
        built(tmp_path, {"score": rare}, metrics={"score": "auroc"})


@pytest.mark.parametrize(
    ("changes", "options", "found"),
    [
        ({}, {"task": "shool"}, "has no column 'shool'"),
        ({"size": np.arange(112) % 9}, {"targets": ("score", "age")}, "one holds the labels of all"),
        ({"school": ["a"] * 112}, {}, "leaves 1 of 1 tasks"),
        ({"school": [None, *["a", "b", "c"] * 37]}, {}, "names no task in row 1"),
        ({"school": np.arange(112)}, {}, "leaves 0 of 112 tasks"),
    ],
)
def test_a_column_that_names_no_tasks_is_refused(
    tmp_path: Path, changes: dict[str, Any], options: dict[str, Any], found: str
) -> None:
    with pytest.raises(UserError, match=found):
        built(tmp_path, changes, **options)
