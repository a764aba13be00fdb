"""What rows are for, and that metrics and remarks of a table are of all rows where all rows judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mtl_core.data.row_parts import RowParts, holdout, parts_of_rows
from mtl_core.data.task_set import TaskSet
from mtl_core.tasks.arrays import Arrays
from mtl_core.tasks.table import Table

ROWS = 200


def every_row(*, is_drawn: bool, rows: int, units: int) -> bool:
    return is_drawn and rows == ROWS and units <= ROWS


def table(folder: Path, **columns: object) -> Path:
    chance = np.random.default_rng(0)
    path = folder / "a.csv"
    pd.DataFrame({f"x{n}": chance.normal(size=ROWS) for n in range(5)} | columns).to_csv(path, index=False)
    return path


def texts(task_set: TaskSet, kind: str) -> list[str]:
    return [remark.text for remark in task_set.remarks if remark.kind == kind]


def drawn_for_testing(folder: Path) -> np.ndarray:
    """Mask of the rows that the table's seed draws for testing."""
    held_out = Table(path=table(folder, y=np.arange(ROWS) / 7), targets=("y",)).build().test.targets[:, 0]
    return np.isin(np.arange(ROWS), (held_out * 7).round().numpy())


def test_rows_to_learn_from_and_to_judge_are_all_where_all_judge() -> None:
    test = np.array([False, True])
    parts, folded = RowParts(test), RowParts(test, all_judge=True)
    assert (parts.learnt.tolist(), parts.judging.tolist()) == ([True, False], [False, True])
    assert (folded.learnt.tolist(), folded.judging.tolist()) == ([True, True], [True, True])
    assert folded.development.tolist() == parts.development.tolist(), "the bytes of the data stay the same"


def test_a_design_is_asked_with_the_rows_that_are_used_and_the_groups_to_develop_on() -> None:
    asked = {}

    def design(**facts: object) -> bool:
        asked.update(facts)
        return True

    test, groups, used = np.array([True, False, False, False]), np.array([0, 1, 1, 2]), np.array([True] * 3 + [False])
    assert parts_of_rows(test, groups, used, design, is_drawn=True).all_judge
    assert asked == {"is_drawn": True, "rows": 3, "units": 1}
    assert not parts_of_rows(test, None, used, holdout, is_drawn=True).all_judge


def test_the_metric_follows_from_the_classes_of_all_rows_where_all_rows_judge(tmp_path: Path) -> None:
    rare, test = np.zeros(ROWS, dtype=int), drawn_for_testing(tmp_path)
    rare[np.flatnonzero(test)[:12]] = rare[np.flatnonzero(~test)[:30]] = 1  # 21% of all rows, 19% of those not drawn
    source = Table(path=table(tmp_path, y=np.where(rare, "yes", "no")), targets=("y",))
    assert source.build().tasks[0].metric == "auroc"
    folded = source.build_for(every_row)
    assert folded.tasks[0].metric == "accuracy"
    assert not texts(folded, "common_class")
    assert folded.development.examples.inputs.equal(source.build().development.examples.inputs)


def test_a_split_that_is_not_made_has_no_constant_test_labels(tmp_path: Path) -> None:
    test = drawn_for_testing(tmp_path)
    labels = np.where(test, "no", np.where(np.arange(ROWS) % 2, "yes", "no"))
    source = Table(path=table(tmp_path, y=labels), targets=("y",))
    assert texts(source.build(), "constant_test")
    assert not texts(source.build_for(every_row), "constant_test")


def test_rows_that_repeat_are_counted_among_all(tmp_path: Path) -> None:
    path = table(tmp_path, y=np.arange(ROWS) / 7)
    rows = pd.read_csv(path)
    rows.loc[150:169, [f"x{n}" for n in range(5)]] = rows.loc[50:69, [f"x{n}" for n in range(5)]].to_numpy()
    rows["pair"] = np.where(rows.index >= 150, rows.index - 100, rows.index)
    rows.to_csv(path, index=False)
    alone = Table(path=path, targets=("y",), ignore=("pair",)).build_for(every_row)
    assert texts(alone, "repeated_rows")[0].startswith("40 of 200 rows repeat the inputs of another row")
    assert not texts(Table(path=path, targets=("y",), groups="pair").build_for(every_row), "repeated_rows")


def test_names_of_rows_are_counted_in_all_rows(tmp_path: Path) -> None:
    path = table(tmp_path, y=np.arange(ROWS) / 7, name=[f"n-{n}" for n in range(ROWS)])
    assert "(200 different values)" in texts(Table(path=path, targets=("y",)).build(), "row_name")[0]


def test_arrays_follow_the_design_as_tables_do(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    plain = {"x": chance.normal(size=(ROWS, 3)), "y": np.arange(ROWS) / 7}
    np.savez(tmp_path / "a.npz", **plain)
    test = np.isin(np.arange(ROWS), (Arrays(path=tmp_path / "a.npz").build().test.targets[:, 0] * 7).round().numpy())
    rare = np.zeros(ROWS, dtype=int)
    rare[np.flatnonzero(test)[:12]] = rare[np.flatnonzero(~test)[:30]] = 1
    np.savez(tmp_path / "a.npz", x=plain["x"], y=rare)
    source = Arrays(path=tmp_path / "a.npz")
    assert [source.build().tasks[0].metric, source.build_for(every_row).tasks[0].metric] == ["auroc", "accuracy"]
