"""The run directory and the command as the user named them, for studies alone and in a suite."""

from __future__ import annotations

from dataclasses import replace

from analysis.records.run_command import run_path, started_with, suite_path
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
