"""What diverged, network by network, and nothing where every network has a replica that trained to its end."""

from __future__ import annotations

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.alerts import alerts
from analysis.report.sections.diverged import diverged_table
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN
from tests.analysis.questions.test_divergence import ARM, lost


def test_without_a_lost_network_there_is_no_table(records_of: StudyOf) -> None:
    assert diverged_table(LoadedStudy(records_of(PLAIN))) == []


def test_a_lost_network_has_a_row_and_an_alert(records_of: StudyOf) -> None:
    study = LoadedStudy(lost(records_of(PLAIN)))
    (table,) = diverged_table(study)
    assert table.cells == [[ARM, "all", "search", "2", "4", "4", "3", "0.003 to 0.006"]]
    (alert,) = (alert for alert in alerts(study) if alert.about == "Diverged")
    assert ARM in alert.text
