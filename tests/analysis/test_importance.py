"""Stated importance: integer importance is the same as tasks that are there several times, in value and in error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.importance import mean_of, mean_over_tasks, stated_importance, weights_of, with_importance
from analysis.statistics.families import joint_covariance
from analysis.statistics.outcomes import Setting
from analysis.statistics.paired_gains import EQUAL_MEAN, MEAN, TASK, differences, gain_of
from tests.analysis.statistics.test_paired_gains import scored

N, SEEDS = 40, 5
ARMS = ("arm", "base")
CHANCE = np.random.default_rng(3)
EXAMPLES = {
    task: {(arm, seed): CHANCE.normal(0.1 * (arm == "arm"), 0.2, N) for arm in ARMS for seed in range(SEEDS)}
    for task in "ab"
}


def study(tasks: dict[str, str], groups: np.ndarray | None = None, missing: int = 0, **changes: object) -> pd.DataFrame:
    """Gains of tasks that have the examples of the task named; the last ``missing`` examples of b have no label."""
    rows = []
    for name, source in tasks.items():
        for (arm, seed), values in EXAMPLES[source].items():
            kept = np.where((np.arange(N) >= N - missing) & (source == "b"), np.nan, values)
            row = scored(arm, name, seed, list(kept), num_test=int(np.isfinite(kept).sum()))
            rows.append(row | {"test_skill": float(np.nanmean(kept)), "test_metric": 0.0})
    common = Setting(list(tasks), band=1.0, level_divisor=1, groups=groups, **changes)
    return differences(pd.DataFrame(rows), "arm", "base", "verdict", common)


@pytest.mark.parametrize("groups", [None, np.arange(N) // 3])
@pytest.mark.parametrize("missing", [0, 12])
def test_importance_of_two_is_a_task_that_is_there_twice(groups: np.ndarray | None, missing: int) -> None:
    weighted = study({"a": "a", "b": "b"}, groups, missing, importance={"a": 2.0})
    twice = study({"a": "a", "copy": "a", "b": "b"}, groups, missing)
    own, other = (rows[rows["scope"] == MEAN] for rows in (weighted, twice))
    for name in ("gain", "test_variance", "test_degrees"):
        np.testing.assert_allclose(own[name], other[name], rtol=1e-12)
    np.testing.assert_allclose(own["test_influence"].iloc[0], other["test_influence"].iloc[0], rtol=1e-12)
    assert vars(gain_of(own)) == pytest.approx(vars(gain_of(other)))


def test_the_error_of_the_mean_comes_out_of_the_joint_errors_of_the_tasks() -> None:
    rows = study({"a": "a", "b": "b"}, importance={"b": 3.0})
    tasks = [part for _, part in rows[rows["scope"] == TASK].groupby("task")]
    mean, weights = rows[rows["scope"] == MEAN], np.array([0.25, 0.75])
    expected = weights @ joint_covariance(tasks) @ weights
    assert joint_covariance([mean])[0, 0] == pytest.approx(expected, rel=0.05)  # seeds' luck is taken out of each
    assert mean["gain"].mean() == pytest.approx(weights @ [part["gain"].mean() for part in tasks])


def test_the_equal_mean_stands_beside_it_and_is_that_of_a_study_without_importance() -> None:
    stated, plain = study({"a": "a", "b": "b"}, importance={"a": 9.0}), study({"a": "a", "b": "b"})
    assert set(plain["scope"]) == {TASK, MEAN}
    columns = ["gain", "test_variance", "test_degrees"]
    own, other = stated[stated["scope"] == EQUAL_MEAN], plain[plain["scope"] == MEAN]
    assert own[columns].to_numpy().tolist() == other[columns].to_numpy().tolist()
    alike = study({"a": "a", "b": "b"}, importance={"a": 2.0, "b": 2.0})
    np.testing.assert_allclose(alike.loc[alike["scope"] == MEAN, "gain"], other["gain"])


def test_with_groups_and_folds_importance_is_a_matter_of_the_mean_alone() -> None:
    plain = study({"a": "a", "b": "b"})
    stated = study({"a": "a", "b": "b"}, importance={"a": 2.0})
    for name in ("gain", "test_variance", "seed"):
        before, after = (rows.loc[rows["scope"] == TASK, name].tolist() for rows in (plain, stated))
        assert before == after


def test_a_task_that_is_missing_in_a_row_is_left_out_of_its_mean() -> None:
    values = pd.DataFrame({"a": [1.0, np.nan, np.nan], "b": [4.0, 4.0, np.nan]})
    found = mean_over_tasks(values, {"a": 2.0})
    assert found.tolist()[:2] == pytest.approx([2.0, 4.0])
    assert np.isnan(found[2])
    assert mean_over_tasks(values, None).tolist()[:2] == [2.5, 4.0]


def test_means_of_columns_know_when_a_value_is_missing() -> None:
    rows = with_importance(pd.DataFrame({"task": ["a", "b", ""], "gain": [1.0, 4.0, 2.0]}), {"b": 2.0})
    assert rows["importance"].tolist()[:2] == [1.0, 2.0]
    assert np.isnan(rows["importance"][2])
    assert mean_of(rows[rows["task"] != ""], "gain") == pytest.approx(3.0)
    assert np.isnan(mean_of(rows.assign(gain=[np.nan, 1.0, 1.0]).head(2), "gain"))
    assert mean_of(rows.head(2).drop(columns="importance"), "gain") == 2.5
    assert with_importance(rows, None) is rows


def test_a_study_that_states_nothing_has_no_importance() -> None:
    assert stated_importance({}) is stated_importance({"importance": {}}) is None
    assert stated_importance({"importance": {"a": 3}}) == {"a": 3.0}
    assert weights_of(["a", "b"], None) is None
    np.testing.assert_allclose(weights_of(["a", "b"], {"a": 3.0}), [0.75, 0.25])
    assert replace(Setting([], 1.0, 1, None)).importance is None
