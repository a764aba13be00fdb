"""Tables of several files: one for each task, and files of their own to validate and test on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from pyarrow import parquet

from mtl_core.data.outer_folds import with_outer_folds
from mtl_core.data.splits import split
from mtl_core.errors import UserError
from mtl_core.tasks.table import Table
from tests.mtl_core.data.formats.tables import as_csv, built, small_table


def parts(folder: Path) -> dict[str, str]:
    """Files to develop, validate and test on, written with other orders of columns; the last two as options."""
    order = ["y_2", "c", "a", "y_1", "b"]
    (folder / "train.csv").write_bytes(as_csv(small_table(80)))
    (folder / "valid.csv").write_bytes(as_csv(small_table(30, 1).select(order)))
    (folder / "test.csv.gz").write_bytes(_gz(as_csv(small_table(40, 2).select(order[::-1]))))
    return {"validation": str(folder / "valid.csv"), "test": str(folder / "test.csv.gz")}


def _gz(content: bytes) -> bytes:
    import gzip

    return gzip.compress(content)


def test_the_users_files_are_the_splits_of_every_seed(tmp_path: Path) -> None:
    task_set = built(tmp_path / "train.csv", **parts(tmp_path))
    assert (len(task_set.development.examples), len(task_set.test)) == (110, 40)
    assert not task_set.test_is_drawn
    for seed in range(3):
        train, validation = split(task_set.development, seed)
        assert torch.equal(train, torch.arange(80))
        assert torch.equal(validation, torch.arange(80, 110))
    raw = torch.tensor(small_table(40, 2).column("a").to_pylist())
    assert torch.equal(task_set.test.inputs[:, 0], raw)
    assert task_set.development.only("y_2").validates is task_set.development.validates
    with pytest.raises(UserError, match="is no random draw"):
        with_outer_folds(task_set, 5)


def test_which_rows_validate_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    options = parts(tmp_path)
    whole = pa.concat_tables([small_table(80), small_table(30, 1)])
    (tmp_path / "both.csv").write_bytes(as_csv(whole))
    one = built(tmp_path / "train.csv", **options)
    other = built(tmp_path / "both.csv", test=options["test"])
    assert torch.equal(one.development.examples.inputs, other.development.examples.inputs)
    assert one.fingerprint() != other.fingerprint()


def test_what_only_the_test_file_has_teaches_nothing(tmp_path: Path) -> None:
    parts(tmp_path)
    table = small_table(40, 2)
    place = table.column_names.index("c")
    (tmp_path / "test.csv").write_bytes(as_csv(table.set_column(place, "c", pa.array(["sideways"] * 40))))
    task_set = built(tmp_path / "train.csv", test=str(tmp_path / "test.csv"))
    known = {column.name: column.categories for column in task_set.input_columns}
    assert known["c"] == ("down", "up")


def folder_of_tasks(folder: Path, write: Any, suffix: str) -> Path:
    """A folder with a table for each of three tasks."""
    folder.mkdir()
    for place, name in enumerate(("10", "9", "north")):
        write(small_table(40, place).select(["a", "b", "y_1"]), folder / f"{name}{suffix}")
    return folder


def _write_csv(table: pa.Table, path: Path) -> None:
    path.write_bytes(as_csv(table))


@pytest.mark.parametrize(("write", "suffix"), [(_write_csv, ".csv"), (parquet.write_table, ".parquet")])
def test_each_file_of_a_folder_is_a_task(write: Any, suffix: str, tmp_path: Path) -> None:
    folder = folder_of_tasks(tmp_path / "tasks", write, suffix)
    (folder / "README.md").write_text("not a table")
    task_set = Table(path=folder, targets=("y_1",)).build()
    assert [task.name for task in task_set.tasks] == ["9", "10", "north"]
    assert task_set.development.own_inputs
    assert any(remark.kind == "file_left_out" and "README.md" in remark.text for remark in task_set.remarks)
    long = pa.concat_tables(
        [
            small_table(40, place).select(["a", "b", "y_1"]).append_column("task", pa.array([name] * 40))
            for place, name in enumerate(("10", "9", "north"))
        ]
    )
    (tmp_path / "long.csv").write_bytes(as_csv(long))
    same = Table(path=tmp_path / "long.csv", targets=("y_1",), task="task").build()
    assert task_set.fingerprint() == same.fingerprint()


def test_row_numbers_that_begin_anew_in_each_file_are_no_input(tmp_path: Path) -> None:
    for name, rows in (("train", 60), ("test", 40)):
        table = small_table(rows, rows).append_column("id", pa.array(range(1, rows + 1)))
        _write_csv(table, tmp_path / f"{name}.csv")
    task_set = built(tmp_path / "train.csv", test=str(tmp_path / "test.csv"))
    assert "id" not in {column.name for column in task_set.input_columns}


def test_folders_with_a_file_for_each_task_may_test_and_validate(tmp_path: Path) -> None:
    folders = [folder_of_tasks(tmp_path / name, _write_csv, ".csv") for name in ("train", "valid", "test")]
    task_set = Table(path=folders[0], targets=("y_1",), validation=str(folders[1]), test=str(folders[2])).build()
    labels = task_set.development.labels
    train, validation = split(task_set.development, 0)
    assert labels[train].sum(dim=0).tolist() == labels[validation].sum(dim=0).tolist()
    (folders[2] / "9.csv").unlink()
    with pytest.raises(UserError, match="'9' is a file in one of the folders alone"):
        Table(path=folders[0], targets=("y_1",), test=str(folders[2])).build()
