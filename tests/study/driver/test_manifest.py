"""The description of a study in its run directory, and the refusal of another study there."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mtl_core import ENGINE_VERSION
from mtl_core.data.remark import Remark
from mtl_core.errors import UserError
from study.config.load import read_spec
from study.config.suite import SuitePosition
from study.driver.manifest import describe_tasks, read_manifest, write_description
from study.planning.forecast import Forecast
from study.planning.make_plan import make_plan
from study.planning.prepare import Prepared
from tests.study.conftest import small_task_set, tiny


@pytest.fixture
def described(tmp_path: Path) -> Path:
    task_set = small_task_set()
    plan = make_plan(tiny(), task_set.development)
    prepared = Prepared(task_set, plan, Forecast(0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    write_description(tmp_path, prepared, "data", SuitePosition("three", 1, 3, 0.0))
    return tmp_path


def test_manifest_tasks_and_study_file_are_written(described: Path) -> None:
    manifest = json.loads((described / "manifest.json").read_text())
    assert (manifest["fingerprint"], manifest["engine_version"], manifest["suite"]) == ("data", ENGINE_VERSION, "three")
    assert {"python", "torch"} <= set(manifest["versions"])
    assert read_spec(described / "study.yaml") == tiny()
    tasks = json.loads((described / "tasks.json").read_text())
    assert tasks == {"fingerprint": "data", **describe_tasks(small_task_set())}


def test_the_manifest_names_run_and_command_as_the_user_did(described: Path, tmp_path: Path) -> None:
    manifest = read_manifest(described)
    assert manifest["command"] is None, "a call from Python is no command"
    assert (manifest["run"], manifest["directory"]) == (str(tmp_path), str(tmp_path.resolve()))


def test_tasks_are_counted_and_no_example_is_told() -> None:
    described = describe_tasks(small_task_set())
    (rain, _) = described["tasks"]
    counts = [rain[name] for name in ("num_development", "labelled_development", "num_test", "labelled_test")]
    assert counts == [40, 40, 20, 20]
    assert set(described) == {"name", "tasks", "test_groups", "remarks"}


def test_remarks_keep_their_kind_and_consequence_and_do_not_change_the_data() -> None:
    remark = Remark("leak", "x", "Column 'x' is y.")
    remarked = replace(small_task_set(), remarks=(remark,))
    assert describe_tasks(remarked)["remarks"] == [remark.facts()]
    assert remarked.fingerprint() == small_task_set().fingerprint()


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 200_000, None])
def test_a_manifest_from_elsewhere_that_is_none_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    if content is None:
        os.mkfifo(file)
    else:
        file.write_text(content)
    with pytest.raises(UserError, match="manifest"):
        read_manifest(tmp_path)
