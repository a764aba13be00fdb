"""Reading the directory of a suite: begun and unbegun studies, and files from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.records.load_suite import is_suite, load_suite
from analysis.records.schema import UnreadableRun
from tests.analysis.suite.conftest import write_suite
from tests.analysis.synthetic import Truth

SMALL = Truth(effects={"a": 1.0, "b": 0.0}, widths=(16,), stages=1, draws=1, epochs=2, num_test=12)


def test_studies_come_in_the_order_of_the_suite_and_the_unbegun_are_none(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "out", {"late": None, "early": SMALL})
    assert is_suite(path)
    suite = load_suite(path)
    assert (suite.name, suite.path) == ("synthetic", path)
    assert list(suite.studies) == ["late", "early"]
    assert suite.studies["late"] is None
    assert list(suite.begun) == ["early"]
    assert list(suite.begun["early"].tasks["task"]) == ["a", "b"]


def test_a_run_directory_is_no_suite(tmp_path: Path) -> None:
    assert not is_suite(tmp_path)
    with pytest.raises(UnreadableRun, match=r"suite\.yaml: cannot be read"):
        load_suite(tmp_path)


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "a/b", "..", ".", ""])
def test_a_study_is_a_directory_of_the_suite_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / "suite.yaml").write_text(f"name: x\nsuite: {{{name!r}: {{}}}}\n")
    with pytest.raises(UnreadableRun, match="names no studies"):
        load_suite(tmp_path)


@pytest.mark.parametrize("content", ["name: x\n", "suite: [a, b]\n", "suite: {1: {}}\n"])
def test_a_file_that_names_no_studies_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "suite.yaml").write_text(content)
    with pytest.raises(UnreadableRun, match="Put the file back as it was run"):
        load_suite(tmp_path)
