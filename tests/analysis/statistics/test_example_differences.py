"""Differences on test examples, and what they say of a mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.records.schema import UnreadableRun
from analysis.statistics import example_differences as differences
from analysis.statistics.example_differences import ExampleDifferences

NAN = np.nan


def pairs(scores: list[list[float]], baseline: list[list[float]]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"replica": ["a", "b"], "example_scores": scores, "trivial_metric": 0.5, "perfect_metric": 1.0}
    )
    other = frame.assign(example_scores=baseline, trivial_metric=0.5, perfect_metric=1.0)
    return frame.join(other.add_suffix("_baseline")).set_index(pd.Index([7, 9], name="seed"))


def test_differences_are_points_of_skill_by_seed_and_example() -> None:
    found = differences.example_differences(pairs([[1, 0, NAN], [1, 1, NAN]], [[0, 0, NAN], [1, 0, NAN]]))
    assert found.seeds.tolist() == [7, 9]
    np.testing.assert_allclose(found.values, [[200, 0, NAN], [0, 200, NAN]])
    np.testing.assert_allclose(found.over_seeds(), [100, 100, NAN])


def test_replicas_that_were_scored_on_different_examples_are_refused() -> None:
    with pytest.raises(UnreadableRun, match="different test examples"):
        differences.example_differences(pairs([[1, 0], [1, 1, 0]], [[0, 0], [1, 0]]))


def test_folds_judge_their_own_examples() -> None:
    values = np.array([[1.0, 3.0, NAN, NAN], [NAN, NAN, 2.0, 6.0], [1.0, 3.0, NAN, NAN], [NAN, NAN, 2.0, 6.0]])
    found = differences.test_part([ExampleDifferences(np.arange(4), values)], 2, None)
    assert found["test_degrees"] == 3
    assert found["test_variance"] == pytest.approx(np.var([1, 3, 2, 6], ddof=1) / 4)  # no luck, so nothing is repeated
    assert np.sum(found["test_influence"] ** 2) == pytest.approx(found["test_variance"])


def test_luck_leaves_the_variance_and_common_networks_enter_it() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=60) + 0.5 * rng.normal(size=(6, 60))
    split = differences.test_part([ExampleDifferences(np.arange(6), values)], 1, None)["test_variance"]
    between = values.var(axis=0, ddof=1).mean() / 60
    assert split == pytest.approx(values.mean(axis=0).var(ddof=1) / 60 - between / 6)
    fold = np.arange(6) % 2
    judged = np.where(fold[:, None] == np.arange(60) % 2, values, NAN)
    crossed = differences.test_part([ExampleDifferences(np.arange(6), judged)], 2, None)["test_variance"]
    assert split < crossed < 2 * split
