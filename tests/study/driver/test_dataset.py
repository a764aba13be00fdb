"""A torch data set as the data of a study: read once, kept in the run directory, and gone on with from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import analysis
import study
from mtl_core.errors import UserError
from study.cli.app import app
from study.config.load import load_spec, read_spec
from study.config.spec import Spec
from study.config.suite import Suite
from study.driver.manifest import KEPT
from study.driver.run_suite import prepare_suite
from tests.mtl_core.tasks import plain_datasets
from tests.study.driver.test_frame import SECTIONS
from tests.study.refused import refused

CALL = "tests.mtl_core.tasks.plain_datasets:Images"


def small(call: str = CALL, **tasks: Any) -> Spec:
    return Spec.model_validate(SECTIONS | {"name": "images", "tasks": {"set": "dataset", "call": call, **tasks}})


def test_a_study_goes_on_from_what_it_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = study.run(small(), out=tmp_path / "run", backend="inline")
    assert list(analysis.load(run).tasks["task"]) == ["y_mean", "y_bright"]
    stored = read_spec(run / "study.yaml").tasks
    assert (stored.set, stored.options["path"]) == ("arrays", str(run / KEPT))
    with np.load(run / KEPT, allow_pickle=False) as kept:
        assert kept["x"].shape == (90, 5, 6, 3)
    read: list[int] = []
    whole = plain_datasets.Images.__getitem__
    monkeypatch.setattr(
        plain_datasets.Images, "__getitem__", lambda self, place: read.append(place) or whole(self, place)
    )
    assert study.run(small(), out=tmp_path / "run", backend="inline") == run
    assert len(read) == 2 * 16, "only the items that the probe reads are read again"
    monkeypatch.setattr(plain_datasets, "IMAGES", 255 - plain_datasets.IMAGES)
    with pytest.raises(UserError, match="holds other data"):
        study.run(small(), out=tmp_path / "run", backend="inline")


def test_an_object_is_data_too(tmp_path: Path) -> None:
    data = study.dataset({"train": plain_datasets.Rows(40), "test": plain_datasets.Rows(30, 60)}, targets=["y_s*"])
    run = study.run(SECTIONS, data=data, out=tmp_path / "run", backend="inline")
    assert list(analysis.load(run).tasks["task"]) == ["y_sum", "y_sign", "y_side"]
    with pytest.raises(UserError, match="list of 3"):
        study.run(SECTIONS, data=study.dataset([[1, 2, 3]]), out=tmp_path / "other")
    with pytest.raises(UserError, match="int has no length"):
        study.dataset(3)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_broken_data_set_is_refused_and_nothing_written(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = "tests.mtl_core.tasks.plain_datasets:"
    assert "another each time" in refused([command, f"{path}Augmented"], tmp_path)["found"]
    (tmp_path / "s.yaml").write_text(f"tasks: {{set: dataset, call: '{path}Odd', arguments: {{item: error}}}}\n")
    assert "item 45" in refused([command, "s.yaml"], tmp_path)["where"]


def test_check_writes_nothing_and_names_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check", CALL])
    assert result.exit_code == 0, result.output
    assert "Images: 2 tasks, 90 inputs" in result.stdout
    assert not list(tmp_path.iterdir())


def test_a_suite_and_a_foreign_run_directory_import_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a suite reads no data set"):
        prepare_suite(Suite("two", {"a": small(), "b": small()}, None), out=tmp_path / "suite")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "ledger.jsonl").write_text("")
    (tmp_path / "foreign" / "study.yaml").write_text("tasks: {set: dataset, call: 'tests.no_such:thing'}\n")
    result = CliRunner().invoke(app, ["extend", str(tmp_path / "foreign"), "--seeds", "9"])
    assert result.exit_code == 2
    assert "names code that would be run" in result.stderr
    assert load_spec(tmp_path / "foreign" / "study.yaml").tasks.set == "dataset"
