"""What an option costs: single-task networks add up, joint ones count once, and ratios are written as fractions."""

from __future__ import annotations

import math
from typing import Any

import pytest

from analysis.recommendation.costs import UNKNOWN, Cost, cost_of, fraction, percentage
from tests.analysis.recommendation.conftest import FULL, NOTHING, arm, study_of


def trained(label: str, sharing: str, task: str, seconds: float, **columns: Any) -> dict[str, Any]:
    facts = {"phase": "verdict", "status": "finished", "task": task, "parameters_total": 10, "multiply_adds": 8}
    return arm(label, sharing) | facts | {"seconds": seconds} | columns


ROWS = [
    *(trained(FULL, "hard", task, seconds, parameters_total=12) for task in "ab" for seconds in (2.0, 4.0)),
    trained(NOTHING, "single_task", "a", 5.0),
    trained(NOTHING, "single_task", "b", 7.0, multiply_adds=16),
    trained("wide", "single_task", "b", 9.0, parameters_total=40),
    trained(FULL, "hard", "a", 900.0, phase="search"),
    trained(FULL, "hard", "a", 900.0, status="failed"),
]
STUDY = study_of(["a", "b"], ROWS)


def test_a_joint_network_counts_once_and_single_ones_add_up() -> None:
    assert cost_of(STUDY, FULL, 1) == Cost(12.0, 8.0, 1, 3.0)
    assert cost_of(STUDY, NOTHING, 2) == Cost(20.0, 24.0, 2, 12.0)
    assert cost_of(STUDY, {"a": NOTHING, "b": "wide"}, 2) == Cost(50.0, 16.0, 2, 14.0)


def test_the_search_tells_how_large_an_arm_is_that_was_trained_nowhere_else() -> None:
    searched = trained("candidate", "hard", "a", 6.0, phase="search", parameters_total=30)
    study = study_of(["a", "b"], [*ROWS, searched])
    found = cost_of(study, "candidate", 1).plus(cost_of(study, {"b": NOTHING}, 1))
    assert (found.parameters, found.multiply_adds, found.networks) == (40.0, 24.0, 2)
    assert math.isnan(found.seconds), "an array of the search has another size"


def test_the_number_of_networks_is_known_of_what_never_trained() -> None:
    found = cost_of(STUDY, "never trained", 1)
    assert math.isnan(found.parameters)
    assert found.plus(cost_of(STUDY, {"b": NOTHING}, 1)).networks == 2


def test_costs_are_compared_by_ratio_and_unknown_ones_are_not() -> None:
    assert cost_of(STUDY, FULL, 1).over(cost_of(STUDY, NOTHING, 2)) == pytest.approx((0.6, 1 / 3, 0.25))
    assert all(math.isnan(ratio) for ratio in UNKNOWN.over(cost_of(STUDY, FULL, 1)))


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.09, "1/11"), (0.34, "1/3"), (0.6, "60%"), (1.0, "100%"), (1.04, "104%"), (1.26, "1.3 ×")]
)
def test_a_ratio_is_a_fraction_a_percentage_or_a_multiple(ratio: float, text: str) -> None:
    assert fraction(ratio) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0.004, "0.4%"), (0.0094, "0.9%"), (0.0096, "1%"), (0.2, "20%"), (1.04, "104%"), (1.26, "1.3 ×")],
)
def test_ratios_of_a_table_are_all_percentages_but_multiples(ratio: float, text: str) -> None:
    assert percentage(ratio) == text
