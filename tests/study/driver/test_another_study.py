"""The refusal of another study in a run directory: what differs is named, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mtl_core import ENGINE_VERSION
from mtl_core.errors import UserError
from study.config.spec import Spec
from study.driver.another_study import differences, refuse_another
from tests.study.conftest import tiny


@pytest.fixture
def described(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps({"fingerprint": "data", "engine_version": ENGINE_VERSION}))
    return tmp_path


def of_table(path: str, **sections: object) -> Spec:
    return tiny(name=Path(path).stem, tasks={"set": "table", "path": path, "targets": ["y_*"]}, **sections)


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


@pytest.mark.parametrize("cut", [{}, {"tuning": {"draws": 1}}])
def test_another_table_is_named_and_not_what_a_budget_had_cut(described: Path, cut: dict[str, object]) -> None:
    with pytest.raises(UserError) as refused:
        refuse_another(described, of_table("/a/clinic.csv", **cut), of_table("/a/breast.csv"), "other")
    assert refused.value.found == (
        "another study was begun here: breast, of /a/breast.csv; clinic, of /a/clinic.csv, is asked."
    )
    assert refused.value.remedy == "Choose another --out."


def test_a_table_of_the_same_name_may_have_been_moved_and_changed(described: Path) -> None:
    with pytest.raises(UserError, match="moved, then it was changed as well"):
        refuse_another(described, of_table("/b/shop.csv"), of_table("/a/shop.csv"), "other")


def test_a_budget_that_may_have_cut_the_rest_is_named_first() -> None:
    begun = tiny(budget="60s", tuning={"draws": 1})
    assert differences(begun, tiny())[0].startswith("budget: ")
