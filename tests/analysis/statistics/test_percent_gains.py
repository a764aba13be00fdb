"""Changes in percent of the baseline: the sign of the gain, nothing where the baseline is noise, and their mean."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from analysis.importance import IMPORTANCE
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK
from analysis.statistics.percent_gains import percent_gain, with_delta_m


def seeds(gain: float, metric: float, baseline: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"gain": gain, "metric": metric, "baseline_metric": baseline})


def test_it_is_a_ratio_of_seed_means_with_the_sign_of_the_gain() -> None:
    assert percent_gain(seeds(2.0, 0.72, [0.5, 0.6, 0.7])) == pytest.approx(20.0)
    assert percent_gain(seeds(6.0, 0.28, [0.3, 0.34, 0.38])) == pytest.approx(100 * 0.06 / 0.34)  # an error that falls
    assert percent_gain(seeds(-6.0, 0.40, [0.3, 0.34, 0.38])) == pytest.approx(-100 * 0.06 / 0.34)


def test_nothing_is_a_percentage_of_noise_of_one_seed_or_of_a_metric_that_is_not_there() -> None:
    assert math.isnan(percent_gain(seeds(1.0, 0.1, [-0.1, 0.1, 0.05])))
    assert math.isnan(percent_gain(seeds(1.0, 0.1, [0.5])))
    assert math.isnan(percent_gain(seeds(1.0, 0.1, [0.5, math.nan, 0.5])))


def comparison(**columns: list[float]) -> pd.DataFrame:
    scopes, tasks = [TASK, TASK, MEAN, EQUAL_MEAN], ["left", "odd", "", ""]
    return pd.DataFrame({"arm": "hard", "baseline": "each", "scope": scopes, "task": tasks, **columns})


def test_the_mean_over_tasks_is_delta_m() -> None:
    found = with_delta_m(comparison(percent_gain=[9.0, -3.0, 0.0, 0.0]))
    assert list(found["percent_gain"]) == [9.0, -3.0, 3.0, 3.0]
    weighed = with_delta_m(comparison(percent_gain=[9.0, -3.0, 0.0, 0.0], **{IMPORTANCE: [2.0, 1.0, 0.0, 0.0]}))
    assert list(weighed["percent_gain"]) == [9.0, -3.0, 5.0, 3.0]


def test_there_is_no_mean_where_a_task_had_to_be_left_out() -> None:
    found = with_delta_m(comparison(percent_gain=[9.0, math.nan, 0.0, 0.0]))
    assert found["percent_gain"].isna().tolist() == [False, True, True, True]
