"""Intervals of gains cover where the metric is no mean over examples; the table of FINDINGS is ``make slow``."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from tests.truth import metric_coverage
from tests.truth.metric_coverage import Case, Coverage, cases, coverage, true_gain

STUDIES = 200


def holds(found: Coverage, least: float, most: float, studies: int) -> bool:
    """Whether the coverage lies between two limits, up to what chance does in one of a thousand tests."""
    number = round(studies * found.enough * (1 - found.undefined))
    low, high = binom.ppf(0.001, number, least) / number, binom.ppf(0.999, number, most) / number
    return bool(low <= found.judged <= high)


@pytest.mark.parametrize("case", [Case("auroc", 300, 0.4), Case("auroc", 3000, 0.04), Case("f1", 300, 0.4)], ids=str)
def test_the_interval_of_a_gain_covers_the_true_one(case: Case) -> None:
    assert holds(coverage(case, STUDIES), 0.93, 0.97 if case.metric == "auroc" else 0.98, STUDIES)


def test_the_true_gain_is_that_of_many_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_coverage, "BETWEEN_SEEDS", 0.0)
    true_gain.cache_clear()
    rng = metric_coverage.np.random.default_rng(2)
    for metric, tolerance in (("auroc", 0.4), ("average_precision", 0.5), ("f1", 0.5), ("quadratic_kappa", 0.4)):
        case = Case(metric, 60_000, 0.4)
        skills = metric_coverage._study(case, rng)[1]
        assert 100 * (skills[0] - skills[1]).mean() == pytest.approx(true_gain(case), abs=3 * tolerance)
    true_gain.cache_clear()


def test_without_a_positive_there_is_nothing_to_cover() -> None:
    found = coverage(Case("auroc", 60, 0.04), 100)
    assert 0.02 < found.undefined < 0.25
    assert found.enough < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_the_table_of_findings(case: Case) -> None:
    found = coverage(case, 2000)
    if found.enough > 0.05:
        assert holds(found, 0.93, 0.98, 2000)
