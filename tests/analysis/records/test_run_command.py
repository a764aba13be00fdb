"""The run directory and the command as the user named them, for studies alone and in a suite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.records.run_command import as_it_lies, run_path, started_with, suite_path
from tests.analysis.conftest import StudyOf
from tests.analysis.synthetic import Truth

TRUTH = Truth(stages=1, draws=1, epochs=2, widths=(16,), phases=("search",))


def test_the_directory_is_the_one_that_the_command_named(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    named = replace(records, manifest={"command": ["mtl-study", "run", "x.yaml", "--out", "here"]})
    assert run_path(named) == "here"
    assert run_path(replace(named, manifest={"command": ["mtl-study", "run", "--out"]})) == "runs/synthetic"


def test_a_study_of_a_suite_lies_in_the_directory_of_the_suite(records_of: StudyOf) -> None:
    records = replace(records_of(TRUTH), manifest={"suite": "all"})
    assert (suite_path(records), run_path(records)) == ("runs/all", "runs/all/synthetic")


def test_the_command_can_be_typed_again(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    assert started_with(replace(records, manifest={"command": ["mtl-study", "run", "a b.yaml"]})).endswith("'a b.yaml'")
    assert started_with(replace(records, manifest={})) == (
        "mtl-study run runs/synthetic/study.yaml --out runs/synthetic"
    )


def test_a_call_from_python_is_named_as_one(records_of: StudyOf) -> None:
    records = records_of(TRUTH)
    alone = replace(records, manifest={"command": None, "run": "from_python"})
    assert (run_path(alone), started_with(alone)) == (
        "from_python",
        "study.run(…, out='from_python')  # in Python",
    )
    in_suite = replace(records, manifest={"command": None, "run": "runs/two/a", "suite": "two"})
    assert (suite_path(in_suite), run_path(in_suite)) == ("runs/two", "runs/two/a")
    assert started_with(in_suite).startswith("study.run_suite(…, out='runs/two')")


def test_a_directory_that_was_moved_is_named_by_where_it_lies(records_of: StudyOf, tmp_path: Path) -> None:
    command = ["mtl-study", "run", "x.yaml", "--out", "here"]
    made = {"command": command, "run": "here", "directory": str(tmp_path.resolve())}
    assert as_it_lies(made, tmp_path) == {"command": command, "run": "here"}
    moved = replace(records_of(TRUTH), manifest=as_it_lies(made, tmp_path / "b c"))
    assert run_path(moved) == str(tmp_path / "b c")
    assert started_with(moved) == f"mtl-study run '{tmp_path}/b c/study.yaml' --out '{tmp_path}/b c'"
    with_code = as_it_lies(made | {"code": {"my:loss": "1"}, "suite": "two"}, tmp_path / "two" / "a")
    assert with_code["run"] == str(tmp_path / "two" / "a")
    assert with_code["command"][2:] == [f"{tmp_path}/two/suite.yaml", "--trust-code", "--out", f"{tmp_path}/two"]


def test_the_address_of_a_study_in_a_store_is_its_name_on_every_machine(tmp_path: Path) -> None:
    made = {"command": ["mtl-study"], "run": "s3://bucket/shop", "directory": "/elsewhere"}
    assert as_it_lies(made, tmp_path)["run"] == "s3://bucket/shop"


@pytest.mark.parametrize(
    ("left", "read"),
    [
        (["/usr/bin/mtl-study", "run", "smoke"], {"command": ["mtl-study", "run", "smoke"]}),
        (["/lib/study/__main__.py", "run", "smoke"], {"command": ["mtl-study", "run", "smoke"]}),
        (["my_script.py"], {"command": None, "run": "there"}),
        ([], {"command": []}),
        (5, {"command": 5}),
    ],
)
def test_the_arguments_that_an_earlier_version_left_are_read_as_a_command(left: Any, read: dict[str, Any]) -> None:
    assert as_it_lies({"command": left}, Path("there")) == read
