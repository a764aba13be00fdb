"""Paired differences in test skill between an arm and a baseline, from records: per seed first, then across seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.importance import IMPORTANCE, mean_over_tasks, weights_of
from analysis.statistics.example_differences import ExampleDifferences, example_differences, test_part
from analysis.statistics.influence import degrees_of_freedom
from analysis.statistics.intervals import Gain, paired_gain
from analysis.statistics.outcomes import ACCURACY, Setting
from analysis.statistics.strata import Strata, fold_of

TASK, MEAN, EQUAL_MEAN = "task", "mean", "equal mean"
"""Scopes of a row: one task, or the mean over all tasks (whose ``task`` is empty).  Where the study file states an
importance of the tasks, the mean goes by it, and the mean in which all count alike stands beside it."""


def name_of_mean(scope: str, rows: pd.DataFrame) -> str:
    """Return what a mean over tasks is called, by its scope and by whether ``rows`` state an importance of tasks."""
    if IMPORTANCE not in rows:
        return "mean of tasks"
    return "mean by importance" if scope == MEAN else "mean, all tasks alike"


def differences(
    table: pd.DataFrame, arm: str, against: str | Mapping[str, str], phase: str, common: Setting
) -> pd.DataFrame:
    """Return the gain of ``arm`` over ``against`` in points, one row per scope, task and seed.

    Args:
        table: rows of :func:`analysis.statistics.outcomes.outcomes`.
        arm: label of the arm.
        against: the baseline's label, or one per task.
        phase: phase whose seeds are paired.
        common: setting of the study.

    Returns:
        ``scope, task, seed, gain, metric, baseline_metric, test_variance, test_degrees, fold, weight, test_influence,
        rarer``; the mean over tasks has the seeds in which none of its tasks is missing, and goes by the importance
        that the setting states, with the equal mean behind it.  ``test_influence`` holds what
        every group of test examples contributes to the error of the mean, the same array in all rows of a task
        (``None``: not known), and ``rarer`` the number of judged examples outside the most frequent class.  A task
        without pairs (no test labels) has one row of NaN.  A seed's gain is that on its own outer fold, whose share of
        the test examples is the weight.  Empty where nothing can be paired.
    """
    rows, unpaired, examples = [], [], []
    here = table[table["phase"] == phase].rename(columns={"metric": "kind_of_metric"})
    for task in common.tasks:
        name = against if isinstance(against, str) else against.get(task)
        pairs = _pairs(here[here["task"] == task], arm, name)
        if pairs.empty:
            unpaired.append(_unpaired(task))
            continue
        examples.append(example_differences(pairs))
        rows.append(_rows_of_task(task, pairs, examples[-1], common))
    if not rows:
        return pd.DataFrame(columns=_COLUMNS)
    means = [_mean_over_tasks(rows, examples, common)]
    if common.importance is not None:
        means.append(_mean_over_tasks(rows, examples, replace(common, importance=None)).assign(scope=EQUAL_MEAN))
    return pd.concat([*rows, *unpaired, *means], ignore_index=True)[_COLUMNS]


_COLUMNS = [
    "scope", "task", "seed", "gain", "metric", "baseline_metric", "test_variance", "test_degrees", "fold", "weight",
    "test_influence", "rarer",
]  # fmt: skip


_PAIRED = [
    "seed", "replica", "test_skill", "test_metric", "trivial_metric", "perfect_metric", "num_test", "example_scores",
    "kind_of_metric",
]  # fmt: skip


def _weighted(pairs: pd.DataFrame, folds: int) -> pd.DataFrame:
    """Add every pair's outer fold, and the fold's share of the task's test examples in all folds that have pairs."""
    fold = fold_of(pairs["seed"], folds)
    sizes = pairs["num_test"].groupby(fold).first()
    return pairs.assign(fold=fold, weight=fold.map(sizes / sizes.sum()))


def _with_rarer(rows: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Add the number of judged examples outside the most frequent class, which accuracy's trivial predictor misses.

    NaN where the metric knows no classes, and where both arms are the same networks: there is nothing to judge.
    """
    same = "replica" in pairs and (pairs["replica"] == pairs["replica_baseline"]).all()
    if same or "kind_of_metric" not in pairs or pairs["kind_of_metric"].iloc[0] != ACCURACY:
        return rows.assign(rarer=np.nan)
    folds = rows.drop_duplicates("fold")
    return rows.assign(rarer=float(((1 - folds["trivial_metric"]) * folds["num_test"]).sum()))


def _unpaired(task: str) -> pd.DataFrame:
    numbers = dict.fromkeys(("gain", "metric", "baseline_metric"), np.nan)
    row = {"scope": TASK, "task": task, "seed": -1, **numbers, "test_variance": np.inf, "test_degrees": 0}
    row |= {"fold": 0, "weight": 1.0, "test_influence": None, "rarer": np.nan}
    return pd.DataFrame([row])


def _pairs(rows: pd.DataFrame, arm: str, against: str | None) -> pd.DataFrame:
    """Scores of the arm and, with ``_baseline`` behind their names, of its baseline: a row per seed of both."""
    columns = [name for name in _PAIRED if name in rows]
    left, right = (rows.loc[rows["arm"] == label, columns].set_index("seed") for label in (arm, against))
    pairs = left.join(right.add_suffix("_baseline"), how="inner").sort_index()
    return pairs[np.isfinite(pairs["test_skill"]) & np.isfinite(pairs["test_skill_baseline"])]


def _rows_of_task(task: str, pairs: pd.DataFrame, examples: ExampleDifferences, common: Setting) -> pd.DataFrame:
    shown = pd.DataFrame(
        {
            "scope": TASK,
            "task": task,
            "seed": pairs.index,
            "gain": 100 * (pairs["test_skill"] - pairs["test_skill_baseline"]).to_numpy(),
            "metric": pairs["test_metric"].to_numpy(),
            "baseline_metric": pairs["test_metric_baseline"].to_numpy(),
            "num_test": pairs["num_test"].to_numpy(),
            "trivial_metric": pairs["trivial_metric"].to_numpy(),
        }
    )
    return _with_rarer(
        _weighted(_repeated(shown, test_part([examples], common.folds, common.groups)), common.folds), pairs
    )


def _repeated(rows: pd.DataFrame, facts: Mapping[str, Any]) -> pd.DataFrame:
    """Add the same facts to every row; an array of them is one value."""
    return rows.assign(**{name: [value] * len(rows) for name, value in facts.items()})


def _mean_over_tasks(rows: list[pd.DataFrame], examples: list[ExampleDifferences], common: Setting) -> pd.DataFrame:
    every = pd.concat(rows)
    share = common.folds * every["weight"]  # of a fold in the mean of a task, 1 where all folds are alike
    gains = every.assign(gain=share * every["gain"]).pivot(index="seed", columns="task", values="gain")
    complete = gains.notna().sum(axis=1) == _tasks_of_a_fold(gains, common.folds)
    gains = gains[complete].fillna(0.0)
    means = pd.DataFrame(
        {
            "scope": MEAN,
            "task": "",
            "seed": gains.index,
            "gain": mean_over_tasks(gains, common.importance).to_numpy(),
            "metric": np.nan,
            "baseline_metric": np.nan,
            "fold": fold_of(gains.index, common.folds),
            "weight": 1 / common.folds,
            "rarer": np.nan,
        }
    )
    weights = weights_of([part["task"].iloc[0] for part in rows], common.importance)
    return _repeated(means, test_part(examples, common.folds, common.groups, weights))


def _tasks_of_a_fold(gains: pd.DataFrame, folds: int) -> pd.Series:
    """For every seed the number of tasks that have test labels in its outer fold; without folds that of all tasks."""
    fold = fold_of(gains.index, folds)
    return gains.notna().groupby(fold).any().sum(axis=1).loc[fold].set_axis(gains.index)


def gain_of(rows: pd.DataFrame, *, family: float = 1, looks: int = 1) -> Gain:
    """Return the gain of the rows of one comparison (:func:`differences`) of one task."""
    variance, degrees, third = float(rows["test_variance"].iloc[0]), float(rows["test_degrees"].iloc[0]), 0.0
    influence = rows["test_influence"].iloc[0] if "test_influence" in rows else None
    if influence is not None:
        degrees, third = degrees_of_freedom(influence, degrees + 1), float(np.sum(influence**3))
    return paired_gain(
        rows["gain"].to_numpy(), variance, degrees, family=family, looks=looks, strata=strata_of(rows), third=third
    )


def strata_of(rows: pd.DataFrame) -> Strata | None:
    """Return the outer folds of the rows of one comparison of one task; ``None`` where there is but one."""
    if "fold" not in rows or rows["fold"].nunique() < 2:
        return None
    return Strata(rows["fold"].to_numpy(), rows["weight"].to_numpy(dtype=float))


def gain_columns(gain: Gain) -> dict[str, float]:
    """Return a gain as columns of a table: ``gain, n, seed_sd, … , low, high``."""
    values = asdict(gain)
    mean = values.pop("mean")
    (low, high), (low_simultaneous, high_simultaneous) = gain.ends, gain.simultaneous
    return {
        "gain": mean,
        "low": low,
        "high": high,
        "low_simultaneous": low_simultaneous,
        "high_simultaneous": high_simultaneous,
        **values,
    }
