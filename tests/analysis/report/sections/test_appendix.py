"""The appendix: every arm, every failure, and who opened the test split, with a sentence where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import yaml

from analysis.records.schema import Records
from analysis.records.study_state import LoadedStudy
from analysis.report.output.tables import Table
from analysis.report.sections.appendix import appendix, configuration
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def tables_of(records: Records) -> dict[str, Table]:
    return {table.name: table for table in appendix(LoadedStudy(records))}


def test_every_arm_is_there_best_first_and_constant_factors_are_left_out(records_of: StudyOf) -> None:
    records = records_of(ODD)
    frame = tables_of(records)["arms"].frame
    assert set(frame["arm"]) == set(records.replicas["arm"])
    confirmed = frame["confirm_skill"].dropna()
    assert list(confirmed) == sorted(confirmed, reverse=True)
    assert "sharing" in frame.columns
    assert "backbone" not in frame.columns
    assert frame["failures"].eq(0).all()


def test_a_replica_of_several_tasks_is_one_failure(records_of: StudyOf) -> None:
    records = records_of(ODD)
    rows = records.replicas.copy()
    shared = rows.loc[rows["sharing"] == "hard", "replica"].iloc[0]
    alone = rows.loc[(rows["sharing"] == "single_task") & (rows["task"] == "odd"), "replica"].iloc[0]
    rows.loc[rows["replica"].isin((shared, alone)), ["status", "reason"]] = ["failed", "out of memory"]
    frame = tables_of(replace(records, replicas=rows))["failures"].frame.set_index("replica")
    assert frame["task"].to_dict() == {shared: "all", alone: "odd"}
    assert set(frame["reason"]) == {"out of memory"}


def test_what_is_not_there_is_said_and_the_trees_are_left_out(records_of: StudyOf) -> None:
    records = records_of(ODD)
    bare = replace(records, replicas=records.replicas[:0], scores=records.scores[:0], ledger=[], manifest={})
    found = tables_of(bare)
    assert list(found) == ["arms", "failures", "skipped", "test_access", "manifest"]
    assert all(table.frame.empty and table.when_empty for table in found.values())
    tree = {"event": "tree", "stages": 2, "tree": [[["left", "right", "odd"]], [["left", "right"], ["odd"]]]}
    grown = tables_of(replace(records, ledger=[*records.ledger, tree]))["trees"].frame
    assert list(grown["groups"]) == ["left, right, odd", "left, right | odd"]


@pytest.mark.parametrize(("late", "chosen"), [(False, [False, True]), (True, [False, False])])
def test_an_opening_before_the_choice_is_told_from_one_after_it(
    records_of: StudyOf, late: bool, chosen: list[bool]
) -> None:
    records = records_of(ODD)
    ledger = sorted(records.ledger, key=lambda event: event.get("choice") == "arm") if late else records.ledger
    table = tables_of(replace(records, ledger=ledger))["test_access"]
    assert table.caption.startswith("The test split was opened 2 times;")
    assert list(table.frame["phase"]) == ["confirm", "verdict"]
    assert list(table.frame["arm_already_chosen"]) == chosen


def test_the_configuration_is_the_study_file(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert yaml.safe_load("\n".join(configuration(records))) == records.spec
    manifest = tables_of(records)["manifest"].frame
    assert "versions pandas" in set(manifest["what"])
    assert not manifest["what"].str.startswith("command").any()
    assert manifest.set_index("what").loc["versions pandas", "value"] == pd.__version__
