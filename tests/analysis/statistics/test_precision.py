"""The planned precision against closed forms, and what changes it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.statistics.precision import planned_precision, row_deviation, skill_half_width


def test_a_task_is_as_sure_as_its_rows_make_it() -> None:
    few, many = (planned_precision({"a": rows}, {"a": 15.0}) for rows in (400, 1600))
    assert few.tasks["a"] == pytest.approx(1.966 * 15 * math.sqrt(1.25 / 400), rel=1e-3)
    assert few.mean == pytest.approx(few.tasks["a"])
    assert many.typical == pytest.approx(few.typical / 2, rel=0.01)


def test_the_mean_is_surer_than_a_task_but_tasks_on_the_same_rows_go_together() -> None:
    tasks = [f"t{number}" for number in range(10)]
    found = planned_precision(dict.fromkeys(tasks, 500), dict.fromkeys(tasks, 15.0))
    assert found.mean / found.typical == pytest.approx(math.sqrt(0.3 + 0.7 / 10))


def test_a_rare_class_costs_precision() -> None:
    assert row_deviation(0.9) == pytest.approx(math.sqrt(5) * row_deviation(0.5))
    assert row_deviation(None) == 15


def test_networks_cannot_disagree_about_a_rare_class_where_neither_errs() -> None:
    """Simulated studies of 600 rows with 4% positives have intervals of ± 14 to 25 points (tests.truth.calibration)."""
    assert 14 < planned_precision({"a": 600}, {"a": row_deviation(0.96)}).tasks["a"] < 25
    shares = [row_deviation(majority) * (1 - majority) for majority in (0.1, 0.5, 0.9, 0.99)]
    assert shares[0] == pytest.approx(shares[1])
    assert shares[1] > shares[2] > shares[3]


def test_a_skill_is_known_as_well_as_its_rows_tell() -> None:
    assert skill_half_width(400, 0.5) == pytest.approx(1.966 * 100 * math.sqrt(0.25 * 0.75) / 0.5 / 20, rel=1e-3)
    assert skill_half_width(400, None) == pytest.approx(1.966 * 70.71 / 20, rel=1e-3)
    assert skill_half_width(400, 0.95) > 3 * skill_half_width(400, 0.5)
    assert math.isnan(skill_half_width(1, 0.5))
    assert math.isnan(skill_half_width(50, 1.0))


def test_auroc_is_known_better_than_accuracy_of_a_rare_class() -> None:
    """The deviation of DeLong's placements where scores are exponential in both classes, as Hanley and McNeil have."""
    chance = np.random.default_rng(4)
    rare, frequent = 3.0 * chance.exponential(size=4000), chance.exponential(size=4000)  # an area of 3/4
    of_rare = np.searchsorted(np.sort(frequent), rare) / 4000
    of_frequent = 1 - np.searchsorted(np.sort(rare), frequent) / 4000
    assert of_rare.mean() == pytest.approx(0.75, abs=0.02)
    variance = of_rare.var() / 0.1 + of_frequent.var() / 0.9
    found = skill_half_width(400, 0.9, "auroc")
    assert found == pytest.approx(1.966 * 100 * math.sqrt(variance) / 0.5 / 20, rel=0.1)
    assert row_deviation(0.95, "auroc") < row_deviation(0.95)
    assert row_deviation(0.95, "f1") == row_deviation(0.95)
    assert math.isnan(skill_half_width(50, 1.0, "auroc"))
