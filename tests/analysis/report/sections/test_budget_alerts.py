"""What a budget has taken is told; what it left is not."""

from __future__ import annotations

from dataclasses import replace

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.budget_alerts import budget_alerts
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def test_what_a_budget_cut_on_the_way_is_told_and_what_it_left_is_not(records_of: StudyOf) -> None:
    records = records_of(ODD)
    fitted = [
        {"event": "fitted", "phase": "search", "trials": 16},
        {"event": "fitted", "phase": "confirm", "seeds": 10, "planned": 10, "arms": 3, "planned_arms": "all"},
        {"event": "fitted", "phase": "verdict", "seeds": 5, "planned": 10, "provisional": True},
        {"event": "fitted", "phase": "verdict", "seeds": 7, "planned": 10},
    ]
    found = list(budget_alerts(LoadedStudy(replace(records, ledger=[*records.ledger, *fitted]))))
    assert len(found) == 3
    told = " ".join(alert.text for alert in found if alert.about == "Cut to the budget on the way")
    assert "16 trials" in told
    assert "verdict.seeds: 7 instead of 10" in told
    assert "confirm.arms: 3 instead of all" in told
    assert "confirm.seeds" not in told
    assert "5 instead" not in told


def test_with_outer_folds_the_seeds_are_told_that_were_trained(records_of: StudyOf) -> None:
    records = records_of(ODD)
    ledger = [event | ({"folds": 5} if event["event"] == "planned" else {}) for event in records.ledger]
    fitted = [
        {"event": "fitted", "phase": "confirm", "seeds": 5, "planned": 10},
        {"event": "fitted", "phase": "verdict", "seeds": 11, "planned": 20},
    ]
    found = list(budget_alerts(LoadedStudy(replace(records, ledger=[*ledger, *fitted]))))
    assert ["verdict.seeds: 15 instead of 20" in alert.text for alert in found] == [True]
