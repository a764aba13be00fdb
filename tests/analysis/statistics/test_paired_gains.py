"""Paired gains, on tables small enough for a pencil: which seeds pair, what is averaged, and what is left out."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.records.schema import UnreadableRun
from analysis.statistics.intervals import example_variance
from analysis.statistics.outcomes import Setting
from analysis.statistics.paired_gains import MEAN, TASK, differences, gain_columns, gain_of

COMMON = Setting(["a", "b"], band=1.0, level_divisor=1, groups=None)


def scored(arm: str, task: str, seed: int, examples: list[float], *, mse: bool = False, **changes: Any) -> dict:
    """A row of outcomes whose skill is the mean of ``examples``, each a skill."""
    trivial, perfect = (2.0, 0.0) if mse else (0.5, 1.0)
    metrics = trivial + (perfect - trivial) * np.asarray(examples)
    return {
        "arm": arm, "task": task, "seed": seed, "phase": "verdict", "replica": f"{arm}-{seed}",
        "test_skill": float(np.mean(examples)), "test_metric": float(metrics.mean()), "trivial_metric": trivial,
        "perfect_metric": perfect, "num_test": len(examples), "example_scores": metrics, **changes,
    }  # fmt: skip


def rows_of(*rows: dict) -> pd.DataFrame:
    return differences(pd.DataFrame(rows), "arm", "base", "verdict", COMMON)


def gains(rows: pd.DataFrame, scope: str, task: str = "") -> dict[int, float]:
    own = rows[(rows["scope"] == scope) & (rows["task"] == task)]
    return dict(zip(own["seed"], own["gain"], strict=True))


def test_a_gain_is_paired_by_seed_in_points_whatever_the_order_or_the_metric() -> None:
    rows = rows_of(
        scored("arm", "a", 2, [0.9, 0.7]),
        scored("arm", "a", 1, [0.5, 0.5]),
        scored("arm", "a", 3, [0.1, 0.1]),  # no partner
        scored("base", "a", 1, [0.4, 0.2]),
        scored("base", "a", 2, [0.6, 0.8]),
        scored("base", "a", 4, [0.9, 0.9]),
        scored("base", "a", 3, [0.0, 0.0], phase="confirm"),
        scored("arm", "b", 1, [0.5, 0.5], mse=True),
        scored("base", "b", 1, [0.4, 0.7], mse=True),
    )
    assert gains(rows, TASK, "a") == pytest.approx({1: 20.0, 2: 10.0})
    assert gains(rows, TASK, "b") == pytest.approx({1: -5.0})
    assert gains(rows, MEAN) == pytest.approx({1: 7.5})  # seed 2 lacks b
    own = rows[rows["task"] == "a"].set_index("seed")
    assert own.loc[1, ["metric", "baseline_metric"]].tolist() == pytest.approx([0.75, 0.65])


def test_the_test_part_comes_from_examples_averaged_over_seeds_and_of_all_tasks_together() -> None:
    rows = rows_of(
        scored("arm", "a", 1, [0.5, 0.5, 0.2]),
        scored("base", "a", 1, [0.4, 0.2, 0.2]),
        scored("arm", "a", 2, [0.9, 0.9, 0.2]),
        scored("base", "a", 2, [0.7, 0.7, 0.2]),
        scored("arm", "b", 1, [0.5, 0.5, 0.5], mse=True),
        scored("base", "b", 1, [0.4, 0.7, 0.1], mse=True),
    )
    of_a, of_b = np.array([15.0, 25.0, 0.0]), np.array([10.0, -20.0, 40.0])
    luck = (50 + 50 + 0) / 3**2 / 2  # variances of (10, 20), (30, 20) and (0, 0), of two seeds
    parts = rows.groupby(["scope", "task"])["test_variance"].first()
    assert parts[TASK, "a"] == pytest.approx(of_a.var(ddof=1) / 3 - luck)
    assert parts[TASK, "b"] == pytest.approx(of_b.var(ddof=1) / 3)
    assert parts[MEAN, ""] == pytest.approx(((of_a + of_b) / 2).var(ddof=1) / 3 - luck / 4)
    assert set(rows["test_degrees"]) == {2}


@pytest.mark.parametrize("lost", [(), (3,), (0, 1, 2)])
def test_the_mean_over_tasks_is_that_of_their_gains_where_outer_folds_are_lost(lost: tuple[int, ...]) -> None:
    """A shared network that diverges loses all tasks of its fold; the other folds then stand for the whole."""
    common, rows = replace(COMMON, folds=5), []
    for seed, task in itertools.product(range(2_000, 2_010), ("a", "b")):
        level = {"a": 0.1, "b": 0.3}[task] + 0.02 * (seed % 5)
        numbers = [level] * (4 if task == "a" else 2 + seed % 5)  # folds of unequal size
        rows += [scored("base", task, seed, [0.0] * len(numbers) + [math.nan] * 2)]
        rows += [] if seed % 5 in lost else [scored("arm", task, seed, numbers + [math.nan] * 2)]
    for row in rows:
        row["example_scores"] = np.resize(row["example_scores"], 8)
        row["test_skill"] = float((np.nanmean(row["example_scores"]) - 0.5) / 0.5)
    found = differences(pd.DataFrame(rows), "arm", "base", "verdict", common)
    of_task = {task: gain_of(part).mean for task, part in found[found["scope"] == TASK].groupby("task")}
    assert gain_of(found[found["scope"] == MEAN]).mean == pytest.approx(np.mean(list(of_task.values())))
    assert set(found.loc[found["scope"] == MEAN, "seed"] % 5) == set(range(5)) - set(lost)


def test_groups_of_examples_reach_the_test_part() -> None:
    table = pd.DataFrame([scored("arm", "a", 1, [0.5, 0.5, 0.2, 0.1]), scored("base", "a", 1, [0.4, 0.2, 0.2, 0.3])])
    groups = np.array([0, 0, 1, 1])
    rows = differences(table, "arm", "base", "verdict", replace(COMMON, tasks=["a"], groups=groups))
    expected, degrees = example_variance(np.array([10.0, 30.0, 0.0, -20.0]), groups)
    assert rows["test_variance"].to_numpy() == pytest.approx(expected)
    assert (degrees, set(rows["test_degrees"])) == (1, {1})


def test_a_skill_that_is_missing_makes_no_pair_and_a_task_without_pairs_one_row_of_nan() -> None:
    rows = rows_of(
        scored("arm", "a", 1, [0.5, 0.5]),
        scored("base", "a", 1, [0.4, 0.2]),
        scored("arm", "a", 2, [0.5, 0.5], test_skill=math.nan),
        scored("base", "a", 2, [0.4, 0.2]),
        scored("arm", "b", 1, [0.5, 0.5]),
        scored("base", "b", 1, [0.4, 0.2], test_skill=math.nan),
    )
    assert gains(rows, TASK, "a") == pytest.approx({1: 20.0})
    assert gains(rows, MEAN) == pytest.approx({1: 20.0})  # b has no labels in any seed, so it counts in none
    unlabelled = rows[rows["task"] == "b"]
    assert list(unlabelled["seed"]) == [-1]
    assert unlabelled["gain"].isna().all()
    found = gain_of(unlabelled)
    assert (found.n, found.test_error) == (0, math.inf)
    assert rows_of(scored("arm", "a", 1, [0.5]), scored("base", "a", 2, [0.5])).empty


def test_a_baseline_for_each_task_may_leave_a_task_without_one() -> None:
    table = pd.DataFrame(
        [
            scored("arm", "a", 1, [0.5, 0.5]), scored("one", "a", 1, [0.4, 0.2]), scored("two", "a", 1, [0.1, 0.1]),
            scored("arm", "b", 1, [0.5, 0.5]), scored("two", "b", 1, [0.1, 0.1]), scored("one", "b", 1, [0.5, 0.1]),
        ]
    )  # fmt: skip
    own = differences(table, "arm", {"a": "one", "b": "two"}, "verdict", COMMON)
    assert (gains(own, TASK, "a"), gains(own, TASK, "b")) == (pytest.approx({1: 20.0}), pytest.approx({1: 40.0}))
    half = differences(table, "arm", {"a": "one"}, "verdict", COMMON)
    assert half.loc[half["task"] == "b", "gain"].isna().all()


def test_other_test_examples_are_refused() -> None:
    with pytest.raises(UnreadableRun, match="replicas such as arm-1 were scored on different test examples"):
        rows_of(
            scored("arm", "a", 1, [0.5, 0.5]), scored("base", "a", 1, [0.4, 0.2]),
            scored("arm", "a", 2, [0.5, 0.5, 0.5]), scored("base", "a", 2, [0.4, 0.2, 0.1]),
        )  # fmt: skip


def test_a_gain_as_columns_has_both_intervals() -> None:
    gain = gain_of(
        pd.DataFrame({"gain": [1.0, 2.0, 3.0, 4.0, 5.0], "test_variance": 0.25, "test_degrees": 9}),
        family=4,
        level_divisor=2,
    )
    columns = gain_columns(gain)
    assert (columns["gain"], columns["n"], columns["test_error"]) == (3.0, 5, 0.5)
    assert (columns["low"], columns["high"]) == (3.0 - gain.half_width, 3.0 + gain.half_width)
    assert columns["low_simultaneous"] == 3.0 - gain.half_simultaneous < columns["low"]
    assert columns["high_simultaneous"] == 3.0 + gain.half_simultaneous > columns["high"]
    assert "mean" not in columns
