"""The front of a search for several ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.records.study_state import LoadedStudy
from analysis.report.sections.front import front_table
from tests.analysis.conftest import StudyOf
from tests.analysis.report.conftest import ODD


def test_the_front_stands_beside_what_its_arms_reached_on_fresh_seeds(records_of: StudyOf) -> None:
    records = records_of(ODD)
    arm = "hard d1 w16 l1 equal adamw"
    costly = {"arm": "unknown", "draw": 1, "mean_gain": 0.02, "worst_gain": -0.01, "multiply_adds": 900}
    cheap = {"arm": arm, "draw": 0, "mean_gain": 0.01, "worst_gain": 0.0, "multiply_adds": 100}
    frozen = {"event": "frozen", "choice": "front", "value": [costly, cheap]}
    (table,) = front_table(LoadedStudy(replace(records, ledger=[*records.ledger, frozen])))
    first, second = table.frame.to_dict("records")
    assert (first["arm"], first["multiply_adds"], first["mean_gain"]) == (arm, 100, 1.0)
    confirm = records.replicas[(records.replicas["phase"] == "confirm") & (records.replicas["arm"] == arm)]
    skill = [row["validation_skill"][row["selected_epoch"]] for row in confirm.to_dict("records")]
    assert first["confirm_skill"] == pytest.approx(100 * sum(skill) / len(skill))
    assert second["worst_gain"] == -1.0


def test_a_search_for_one_end_has_none(records_of: StudyOf) -> None:
    assert front_table(LoadedStudy(records_of(ODD))) == []
