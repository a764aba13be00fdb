"""Alerts about rare positives, few groups and small pools."""

from __future__ import annotations

from dataclasses import replace

from analysis.recommendation.recommend import recommend
from analysis.records.schema import Records
from analysis.report.sections.evidence_alerts import evidence_alerts
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD, words_of


def abouts(records: Records) -> list[str]:
    return [alert.about for alert in evidence_alerts(records, recommend(records).options)]


def test_a_pool_is_small_by_the_rows_that_a_fold_leaves(records_of: StudyOf) -> None:
    records = records_of(ODD)
    enough = replace(records, tasks=records.tasks.assign(num_development=180))
    assert abouts(enough) == []
    assert abouts(replace(records, tasks=records.tasks.assign(num_development=149))) == ["Small pool"]
    folded = [event | ({"folds": 5} if event["event"] == "planned" else {}) for event in enough.ledger]
    found = evidence_alerts(replace(enough, ledger=folded), [])
    assert [alert.about for alert in found] == ["Small pool"]
    assert found[0].text.startswith("144 rows to develop on are few")


def test_few_groups_are_one_alert_with_the_remedy(records_of: StudyOf) -> None:
    records = records_of(replace(ODD, groups=6))
    records = replace(records, tasks=records.tasks.assign(num_development=400))
    (alert,) = evidence_alerts(records, recommend(records).options)
    assert alert.about == "Too few groups to judge"
    assert "at least 10 groups" in alert.text
    assert alert.consequence == "verdict"
    assert all(task in alert.text for task in ("left", "right", "odd"))
    assert alert in words_of(records).alerts


def test_records_without_counts_are_not_warned_of(records_of: StudyOf) -> None:
    records = records_of(ODD)
    assert abouts(replace(records, tasks=records.tasks.drop(columns="num_development"))) == []
