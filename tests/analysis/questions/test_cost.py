"""Costs: beside those of the single-task networks of the same width."""

from __future__ import annotations

from dataclasses import replace

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


def test_one_arm_is_the_chosen_one_and_skill_is_in_points(records_of: StudyOf) -> None:
    rows = cost.table(cost.score(records_of(PLAIN)))
    assert list(rows.loc[rows["chosen"], "arm"]) == [PLAIN.chosen]
    wide = rows.set_index("arm").loc["single_task w64 l2 adamw"]
    assert wide["skill"] == pytest.approx(PLAIN.base, abs=3)
    assert (rows["n"] == 10).all()
    assert rows["half_width"].between(0, 5).all()


def test_below_five_seeds_there_is_no_interval_and_the_caption_says_so(records_of: StudyOf) -> None:
    rows = cost.table(cost.score(records_of(PLAIN)))
    assert "half-width of the 95% interval from seeds" in cost.caption(rows)
    assert "no interval below 5 seeds" in cost.caption(rows.assign(n=3))


def test_before_the_confirm_phase_there_is_nothing(records_of: StudyOf) -> None:
    assert cost.score(records_of(replace(PLAIN, phases=("search",)))).empty
