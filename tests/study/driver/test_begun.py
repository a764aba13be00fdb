"""A study that was begun is read from its directory, with the data that it was begun with and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_core import ENGINE_VERSION
from mtl_core.errors import UserError
from study.config.load import as_text
from study.driver.begun import begun_spec, refuse_changes, refuse_no_study
from tests.study.conftest import small_task_set, tiny


def begun(run: Path, spec: str) -> Path:
    (run / "ledger.jsonl").touch()
    (run / "study.yaml").write_text(spec)
    return run


def test_no_study_a_suite_and_a_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no study here"):
        refuse_no_study(tmp_path)
    begun(tmp_path, as_text(tiny()))
    refuse_no_study(tmp_path)
    assert begun_spec(tmp_path).name == "tiny"
    with pytest.raises(UserError, match="does not read a table"):
        begun_spec(tmp_path, tmp_path / "t.csv")
    (tmp_path / "suite.yaml").write_text("name: two")
    with pytest.raises(UserError, match="directory of a suite"):
        begun_spec(tmp_path)


def test_a_table_at_another_place(tmp_path: Path) -> None:
    spec = tiny(tasks={"set": "table", "path": str(tmp_path / "gone.csv"), "targets": ["y"]})
    begun(tmp_path, as_text(spec))
    with pytest.raises(UserError, match="table is not there"):
        begun_spec(tmp_path)
    (tmp_path / "here.csv").touch()
    assert begun_spec(tmp_path, tmp_path / "here.csv").tasks.options["path"] == str(tmp_path / "here.csv")


@pytest.mark.parametrize("name", ["data.parquet", "data.npz"])
def test_data_that_the_run_directory_keeps_are_found_where_it_was_moved_to(tmp_path: Path, name: str) -> None:
    begun(tmp_path, as_text(tiny(tasks={"set": "table", "path": f"/another/machine/{name}", "targets": ["y"]})))
    with pytest.raises(UserError, match="table is not there"):
        begun_spec(tmp_path)
    (tmp_path / name).touch()
    assert begun_spec(tmp_path).tasks.options["path"] == str(tmp_path / name)


def test_other_data_and_another_engine_are_refused(tmp_path: Path) -> None:
    task_set = small_task_set()
    manifest = {"fingerprint": task_set.fingerprint(), "engine_version": ENGINE_VERSION}
    for changes, found in (({}, None), ({"fingerprint": "x"}, "data have changed"), ({"engine_version": 0}, "engine")):
        (tmp_path / "manifest.json").write_text(json.dumps(manifest | changes))
        if found is None:
            refuse_changes(tmp_path, task_set)
        else:
            with pytest.raises(UserError, match=found):
                refuse_changes(tmp_path, task_set)
