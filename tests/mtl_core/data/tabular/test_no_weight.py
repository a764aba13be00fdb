"""Labels that all weigh 0: a class, or a task of a long table, that nothing would learn is told with its column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtl_core.data.remark import Remark
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.table import Table
from tests.mtl_core.tasks.test_table import GOOD, N, built, file_with

STAGES = np.array(GOOD["y_stage"])
BUT_III = np.where(STAGES == "III", 0.0, 1.0)


def remarks(task_set: TaskSet) -> list[Remark]:
    return [remark for remark in task_set.remarks if remark.kind == "no_weight"]


def test_a_class_of_weight_0_is_told_with_its_column_and_what_to_do(tmp_path: Path) -> None:
    task_set = built(tmp_path, {"w": BUT_III}, weights={"y_stage": "w"})
    (remark,) = remarks(task_set)
    labels = task_set.development.examples.targets[:, 2]
    assert (remark.subject, remark.consequence) == ("w", "verdict")
    assert remark.text == (
        f"Task 'y_stage': column 'w' gives the weight 0 to every label to develop on of class 'III' "
        f"({int((labels == 2).sum())}), so no network learns it. Give some of them a weight above 0; if it is not to "
        "be learnt, clear these labels or leave the task out."
    )


def test_where_all_rows_are_learnt_from_all_of_them_count(tmp_path: Path) -> None:
    def all_judge(**facts: Any) -> bool:
        return True

    path = file_with(tmp_path, {"w": BUT_III})
    options: dict[str, Any] = {"targets": ("y_*",), "ignore": ("fold",), "groups": "person", "weight": "w"}
    (remark,) = remarks(Table(path=path, **options).build_for(all_judge))
    assert f"every label of class 'III' ({int((STAGES == 'III').sum())})" in remark.text


def test_several_classes_share_a_remark_and_other_tasks_have_none(tmp_path: Path) -> None:
    (remark,) = remarks(built(tmp_path, {"w": np.where(STAGES == "I", 1.0, 0.0)}, weights={"y_stage": "w"}))
    assert "the classes 'II' (" in remark.text
    assert "'III' (" in remark.text
    assert "learns them" in remark.text


def test_a_class_of_which_one_label_counts_is_fine(tmp_path: Path) -> None:
    weights = BUT_III.copy()
    weights[np.flatnonzero(STAGES == "III")] = np.arange((STAGES == "III").sum()) % 2
    assert remarks(built(tmp_path, {"w": weights}, weight="w")) == []
    assert remarks(built(tmp_path)) == []


def test_a_task_of_a_long_table_is_told_by_its_own_name(tmp_path: Path) -> None:
    side = ["north" if row % 2 else "south" for row in range(N)]
    lines = [f"{side[row]},{row * 7 % 31},{row * 5 % 17}.5,{row % 2}" for row in range(N)]
    (tmp_path / "long.csv").write_text("\n".join(["side,x,score,w", *lines]) + "\n")
    (remark,) = remarks(Table(path=tmp_path / "long.csv", targets=("score",), task="side", weight="w").build())
    assert remark.text.startswith("Task 'south': column 'w' gives the weight 0 to every label to develop on (")
    assert remark.subject == "w"
