"""Losses and weights of classes by name or pattern of a target, and texts that are no path."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mtl_core.data.task_set import TaskSet
from mtl_core.errors import UserError
from mtl_core.tasks.table import Table


def built(folder: Path, **options: object) -> TaskSet:
    rows = range(60)
    columns = {"x": rows, "y_a": [row * 0.5 for row in rows], "y_b": [row * 1.5 for row in rows]}
    columns |= {"y_yes": [row % 2 for row in rows], "school": [f"s{row % 3}" for row in rows]}
    pd.DataFrame(columns).to_csv(folder / "t.csv", index=False)
    return Table(path=folder / "t.csv", **{"targets": ("y_*",), **options}).build()  # type: ignore[arg-type]


def test_a_name_goes_before_a_pattern_and_no_code_is_imported(tmp_path: Path) -> None:
    asked = {"y_?": "no_such_module:f", "y_b": "no_such_module:g"}
    tasks = built(tmp_path, losses=asked, class_weight={"y_yes": "balanced"}).tasks
    assert [task.loss for task in tasks] == ["no_such_module:f", "no_such_module:g", None]
    assert tasks[2].class_weight == "balanced"


def test_a_remark_says_which_metric_judges_unless_it_is_the_users_own(tmp_path: Path) -> None:
    losses = {"y_?": "mine:f"}
    found = built(tmp_path, losses=losses, metrics={"y_a": "mine:g"}).remarks
    (remark,) = (one for one in found if one.kind == "other_metric")
    assert remark.subject == "y_b"
    assert "'y_b' is trained by mine:f, and mse judges it and chooses the epoch" in remark.text
    assert not [one for one in built(tmp_path).remarks if one.kind == "other_metric"]


def test_every_task_of_a_long_table_has_the_loss_of_the_target(tmp_path: Path) -> None:
    tasks = built(tmp_path, targets=("y_a",), task="school", losses={"y_a": "mine:f"}).tasks
    assert [(task.name, task.loss) for task in tasks] == [("s0", "mine:f"), ("s1", "mine:f"), ("s2", "mine:f")]


def test_a_vector_has_the_loss_of_its_columns(tmp_path: Path) -> None:
    (vector, _) = built(tmp_path, vectors={"both": ("y_?",)}, losses={"y_?": "mine:f"}).tasks
    assert (vector.name, vector.loss) == ("both", "mine:f")
    with pytest.raises(UserError, match="'y_a' and 'y_b' have other losses"):
        built(tmp_path, vectors={"both": ("y_?",)}, losses={"y_a": "mine:f"})


@pytest.mark.parametrize("path", ["my_losses.pinball", "pinball", "my_losses:", ":pinball", ""])
def test_a_text_that_is_no_path_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no path to a function") as caught:
        built(tmp_path, losses={"y_a": path})
    assert caught.value.where == "table: losses"
    assert "my_losses:pinball" in caught.value.remedy


def test_a_dot_in_the_place_of_the_colon_is_put_right(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"as in lab\.losses:low\."):
        built(tmp_path, losses={"y_a": "lab.losses.low"})


def test_the_fingerprint_knows_the_path_and_is_the_old_one_without(tmp_path: Path) -> None:
    plain = built(tmp_path).fingerprint()
    assert built(tmp_path, losses={}).fingerprint() == plain
    assert len({plain, *(built(tmp_path, losses={"y_a": f"mine:{name}"}).fingerprint() for name in "fg")}) == 3
    with pytest.raises(UserError, match="matches no column of the targets"):
        built(tmp_path, losses={"y_z": "mine:f"})
