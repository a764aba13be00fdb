"""Costs: beside those of the single-task networks of the same width."""

from __future__ import annotations

import pytest

from analysis.questions import cost
from tests.analysis.conftest import StudyOf
from tests.analysis.questions.conftest import PLAIN


def test_costs_are_compared_with_the_single_task_networks_of_the_width(records_of: StudyOf) -> None:
    rows = cost.table(cost.score(records_of(PLAIN))).set_index("arm")
    single, full = rows.loc["single_task w16 l2 adamw"], rows.loc["hard d2 w16 l2 equal adamw"]
    assert single["multiply_adds_ratio"] == 1.0
    assert full["multiply_adds_ratio"] == pytest.approx(1 / 3, abs=0.01)
    assert rows["multiply_adds"].is_monotonic_increasing
