"""A suite as data: what all its studies share, its budgets, and the place of each study."""

from __future__ import annotations

from pathlib import Path

from study.config.suite import NAME, Suite, is_suite, positions
from tests.study.conftest import SETS, three


def test_changes_go_into_every_study_and_leave_the_suite_as_it_was() -> None:
    suite = three()
    changed = suite.with_each(lambda spec: spec.model_copy(update={"workers": 3}))
    assert {spec.workers for spec in changed.studies.values()} == {3}
    assert {spec.workers for spec in suite.studies.values()} == {None}


def test_a_split_budget_is_the_studies_and_no_longer_the_suites() -> None:
    suite = Suite("three", three().studies, budget=60.0)
    split = suite.with_budgets({"digits3": 10.0, "multidigits": 20.0, "demo": 30.0})
    assert split.budget is None
    assert [spec.budget for spec in split.studies.values()] == [10.0, 20.0, 30.0]


def test_what_holds_for_the_whole_is_written_once() -> None:
    plain = Suite("three", three().studies, budget=60.0).plain()
    assert (plain["name"], plain["budget"], plain["backend"]) == ("three", 60.0, "inline")
    assert list(plain["suite"]) == list(SETS)
    assert all(not {"name", "band", "backend", "workers"} & set(study) for study in plain["suite"].values())


def test_a_position_knows_what_comes_later() -> None:
    found = [position for _, position in positions(three(), {"digits3": 1.0, "multidigits": 20.0, "demo": 300.0})]
    assert [(place.number, place.of, place.later) for place in found] == [(1, 3, 320.0), (2, 3, 300.0), (3, 3, 0.0)]
    assert {place.suite for place in found} == {"three"}


def test_a_directory_is_a_suites_by_its_file(tmp_path: Path) -> None:
    assert not is_suite(tmp_path)
    (tmp_path / NAME).touch()
    assert is_suite(tmp_path)
