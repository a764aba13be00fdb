"""What a path on the command line stands for, and where paths in a study file start."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtl_core.errors import UserError
from study.config.load import load_spec

CSV = "a,y_1,y_2\n1,2,3\n"


def study_file(folder: Path, **options: str) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [f"  {key}: {value}" for key, value in options.items()]
    (folder / "s.yaml").write_text("\n".join(["tasks:", "  set: table", "  targets: ['y_*']", *lines]))
    return folder / "s.yaml"


def test_files_and_folders_are_tables_or_arrays(tmp_path: Path) -> None:
    for name in ("t.csv.gz", "x.npz", "tasks/a.csv", "mnist/train-images-idx3-ubyte.gz", "mixed/a.csv", "mixed/b.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(CSV)
    assert load_spec(tmp_path / "t.csv.gz", ["y_*"]).name == "t"
    assert load_spec(tmp_path / "x.npz").tasks.set == "arrays"
    assert load_spec(tmp_path / "mnist").tasks.set == "arrays"
    tasks = load_spec(tmp_path / "tasks", ["y"]).tasks
    assert (tasks.set, tasks.options["path"]) == ("table", str(tmp_path / "tasks"))
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="directory without data"):
        load_spec(tmp_path / "none")
    with pytest.raises(UserError, match="tables and arrays"):
        load_spec(tmp_path / "mixed")


def test_paths_of_a_study_file_start_from_its_folder_and_names_of_columns_stay(tmp_path: Path) -> None:
    path = study_file(tmp_path / "s", path="train.csv", test="test.csv", validation="../v.csv.gz")
    options = load_spec(path).tasks.options
    assert options["test"] == str(tmp_path / "s" / "test.csv")
    assert options["validation"] == str(tmp_path / "v.csv.gz")
    assert load_spec(study_file(tmp_path / "s", path="train.csv", test="is_test")).tasks.options["test"] == "is_test"


def test_the_command_line_names_files_from_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.csv").write_text(CSV)
    options = load_spec("train.csv", ["y_*"], test="test.csv", validation="valid.csv").tasks.options
    assert options["test"] == str(tmp_path / "test.csv")
    with pytest.raises(UserError, match="--test t: demo does not read a table"):
        load_spec("demo", test="t")


def test_a_study_whose_files_were_moved_is_the_same_study(tmp_path: Path) -> None:
    first, second = (load_spec(study_file(tmp_path / name, path="a.csv", test="t.csv")) for name in ("x", "y"))
    assert first.digest() == second.digest()
    assert load_spec(study_file(tmp_path / "x", path="a.csv", test="mark")).digest() != first.digest()
