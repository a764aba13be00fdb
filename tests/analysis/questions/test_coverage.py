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
