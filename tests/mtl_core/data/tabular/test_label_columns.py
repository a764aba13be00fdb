"""Columns of several labels: a task for each, what an empty cell means, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_core.errors import UserError
from tests.mtl_core.tasks.test_table import N, built

CHANCE = np.random.default_rng(0)
HAS = {name: CHANCE.random(N) < share for name, share in (("red", 0.4), ("green", 0.5), ("blue", 0.3))}
TAGS = np.array(["; ".join(name for name in HAS if HAS[name][row]) or None for row in range(N)], dtype=object)
RARE = np.where(np.arange(N) == 3, "red;odd", TAGS)
SEMICOLON: dict[str, Any] = {"tags": {"separator": ";"}}


def columns_of(task_set: Any, name: str) -> list[float]:
    """Labels of a task, of the rows to develop on and then those to test on."""
    place = [task.name for task in task_set.tasks].index(name)
    return [*task_set.development.examples.targets[:, place], *task_set.test.targets[:, place]]


@pytest.mark.parametrize("targets", [("y_*",), ("y_*", "tags"), ("tags",), ("tags: *",)])
def test_every_label_becomes_a_task_of_two_classes(tmp_path: Path, targets: tuple[str, ...]) -> None:
    ignored = ("fold",) if "y_*" in targets else ("fold", "y_*")
    task_set = built(
        tmp_path, {"tags": TAGS}, labels=SEMICOLON, targets=targets, ignore=ignored, missing={"tags": ["-"]}
    )
    own = [task for task in task_set.tasks if task.name.startswith("tags")]
    assert [task.name for task in own] == ["tags: blue", "tags: green", "tags: red"]
    assert {task.kind for task in own} == {"binary"}
    for name, has in HAS.items():
        assert sum(columns_of(task_set, f"tags: {name}")) == has.sum()
    assert not any(column.name == "tags" for column in task_set.columns)
    assert any("empty cells are taken to have none of its labels" in remark.text for remark in task_set.remarks)


def test_empty_cells_may_be_unknown(tmp_path: Path) -> None:
    asked = {"t*s": {"separator": ";", "empty": "missing"}}
    task_set = built(tmp_path, {"tags": TAGS}, labels=asked)
    labels = np.array(columns_of(task_set, "tags: red"))
    empty = sum(tag is None for tag in TAGS)
    assert empty > 0
    assert np.isnan(labels).sum() == empty
    assert not any("empty cells" in remark.text for remark in task_set.remarks)


def test_lists_need_no_separator(tmp_path: Path) -> None:
    lists = pa.array([[name for name in HAS if HAS[name][row]] for row in range(N)])
    task_set = built(tmp_path, {"tags": lists}, labels={"tags": {}})
    assert sum(columns_of(task_set, "tags: green")) == HAS["green"].sum()


def test_rare_labels_are_left_out_and_named(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"tags": RARE}, labels=SEMICOLON)
    assert "tags: odd" not in [task.name for task in task_set.tasks]
    assert any("1 labels are left out" in remark.text and "'odd'" in remark.text for remark in task_set.remarks)


@pytest.mark.parametrize(
    ("changes", "labels", "found"),
    [
        ({"tags": TAGS}, {"tags": {"separator": "|"}}, "no cell holds '|'"),
        ({"tags": TAGS}, {"tags": {"separator": ""}}, "there is none"),
        ({"tags": TAGS}, {"tags": {}}, "there is none"),
        ({"tags": TAGS}, {"tags": {"separator": ";", "empty": "zero"}}, "it is 'zero'"),
        ({"tags": TAGS}, {"tag": {"separator": ";"}}, "'tag' matches no column"),
        ({}, {"age": {"separator": ";"}}, "holds double, and no text with several labels"),
        ({"tags": [f"a{row};b{row}" for row in range(N)]}, SEMICOLON, "has no label that at least 10 cells have"),
        ({"tags": ["a;b"] * N}, SEMICOLON, "has no label that at least 10 cells have"),
        ({"tags": TAGS, "tags: red": np.arange(N)}, SEMICOLON, "would become 'tags: red', which is a column already"),
    ],
)
def test_what_is_unfit_is_refused(changes: Any, labels: Any, found: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        built(tmp_path, changes, labels=labels)
    assert found in refused.value.found
    assert refused.value.where
    assert refused.value.remedy
