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
from study.driver.manifest import describe_tasks, differences, read_manifest, refuse_another, write_description
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


def test_the_same_study_is_let_in(described: Path) -> None:
    refuse_another(described, tiny(name="other", workers=3), tiny(), "data")


def test_another_study_other_data_and_another_engine_are_refused(described: Path) -> None:
    with pytest.raises(UserError, match=r"training\.epochs: 8 there, 9 asked"):
        refuse_another(described, tiny(training={"epochs": 9}), tiny(), "data")
    with pytest.raises(UserError, match="fingerprint other, begun with data"):
        refuse_another(described, tiny(), tiny(), "other")
    manifest = json.loads((described / "manifest.json").read_text())
    (described / "manifest.json").write_text(json.dumps(manifest | {"engine_version": "0"}))
    with pytest.raises(UserError, match="another engine"):
        refuse_another(described, tiny(), tiny(), "data")


def test_differences_name_every_setting_that_changes_a_result_and_no_other() -> None:
    other = tiny(name="other", workers=2, confirm={"seeds": 4}, factors={"width": [8]})
    assert differences(tiny(), other) == ["factors.width: [4] there, [8] asked", "confirm.seeds: 3 there, 4 asked"]


def test_a_study_whose_data_were_moved_goes_on(described: Path) -> None:
    """Where a file lies is not what it holds: that is for the fingerprint to say."""
    before, after = (
        tiny(tasks={"set": "table", "path": f"/{place}/shop.csv", "targets": ["y_*"]}) for place in ("home", "project")
    )
    refuse_another(described, after, before, "data")
    other = tiny(tasks={"set": "table", "path": "/home/shop.csv", "targets": ["z"]})
    with pytest.raises(UserError, match=r"tasks\.targets: \['y_\*'\] there, \['z'\] asked"):
        refuse_another(described, other, before, "data")


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 200_000, None])
def test_a_manifest_from_elsewhere_that_is_none_is_refused(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    if content is None:
        os.mkfifo(file)
    else:
        file.write_text(content)
    with pytest.raises(UserError, match="manifest"):
        read_manifest(tmp_path)
