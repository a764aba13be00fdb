"""Coverage: labels and lost replicas are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.questions import coverage
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


def test_labels_and_failures_are_counted(records_of: StudyOf) -> None:
    rows = coverage.table(coverage.score(records_of(replace(PLAIN, missing={"odd": 0.25}, failing=0.3))))
    labels = rows[rows["kind"] == "labels"].set_index(["task", "split"])
    assert labels.loc[("odd", "development"), "share"] == pytest.approx(0.75)
    assert labels.loc[("left", "test"), "count"] == 240
    lost = int(rows.loc[rows["kind"] == "failures", "count"].sum())
    assert lost > 0
    assert coverage.title(rows) == f"odd lacks labels; {lost} replicas failed or diverged"
    clean = coverage.table(coverage.score(records_of(PLAIN)))
    assert coverage.title(clean) == "Every task is fully labelled; no replica failed or diverged"


def test_failures_are_counted_by_phase_status_and_reason(records_of: StudyOf) -> None:
    records = records_of(PLAIN)
    rows = records.replicas.copy()
    lost = rows["replica"].isin(rows.loc[rows["phase"] == "search", "replica"].unique()[:2])
    rows.loc[lost, ["status", "reason"]] = ["failed", "out of memory"]
    table = coverage.table(coverage.score(replace(records, replicas=rows)))
    (failure,) = table[table["kind"] == "failures"].to_dict("records")
    assert (failure["phase"], failure["status"], failure["reason"]) == ("search", "failed", "out of memory")
    total = rows.loc[rows["phase"] == "search", "replica"].nunique()
    assert (failure["count"], failure["total"], failure["share"]) == (2, total, 2 / total)
    assert coverage.title(table) == "Every task is fully labelled; 2 replicas failed or diverged"


def test_failures_have_a_panel_only_where_there_are_some(records_of: StudyOf) -> None:
    failing = coverage.table(coverage.score(records_of(replace(PLAIN, missing={"odd": 0.25}, failing=0.3))))
    assert len(coverage.figure(failing).axes) == 2
    assert len(coverage.figure(coverage.table(coverage.score(records_of(PLAIN)))).axes) == 1
