"""The commands of a page can be pasted into a shell, whatever the directory is called."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.sections.commands import Step, commands, steps
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD

PLACE = "my runs/$(rm -rf ~); 'x'"


def test_every_command_is_quoted(records_of: StudyOf) -> None:
    records = records_of(ODD)
    given = ["mtl-study", "run", "study.yaml", "--out", PLACE]
    listed = commands(replace(records, manifest=records.manifest | {"command": given}))
    assert [shlex.split(step.command) for step in listed] == [
        given,
        ["mtl-study", "status", PLACE],
        ["mtl-study", "report", PLACE],
        ["mtl-study", "run", f"{PLACE}/study.yaml", "--out", f"{PLACE}-again"],
    ]


def steps_of(records: Records) -> list[Step]:
    return steps(LoadedStudy(records), recommend(records))


def test_an_unfinished_study_has_one_step_the_command_that_resumes_it(records_of: StudyOf) -> None:
    (step,) = steps_of(records_of(replace(ODD, phases=("search",))))
    assert step.why.startswith("Finish the study")
    assert step.command == "mtl-study run synthetic"


def test_trained_weights_are_offered_only_where_there_are_any(records_of: StudyOf, tmp_path: Path) -> None:
    records = replace(records_of(ODD), path=tmp_path)
    assert not any("models/" in step.why for step in steps_of(records))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "first.safetensors").touch()
    found = steps_of(records)
    (export,) = [step for step in found if "models/" in step.why]
    assert export.command == "mtl-study export runs/synthetic --out runs/synthetic-model"
    assert found[-1].command == "analysis.load('runs/synthetic')"
