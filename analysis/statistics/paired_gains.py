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
    if IMPORTANCE not in rows and EQUAL_MEAN not in set(rows["scope"]):
        return "mean of tasks"
    return "mean by importance" if scope == MEAN else "mean, all tasks alike"


def name_of_row(scope: str, task: str, rows: pd.DataFrame) -> str:
    """Return what a row is called: its task, whose name may be empty, or as :func:`name_of_mean` does."""
    return task if scope == TASK else name_of_mean(scope, rows)


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
        rarer``.  The mean over tasks has the seeds in which none of its tasks is missing, leaves out the tasks that the
        setting does not count, and goes by the importance that the setting states, with the equal mean behind it.
        ``test_influence`` holds what every group of test examples contributes to the error of the mean, the same array
        in all rows of a task (``None``: not known), and ``rarer`` the number of judged examples outside the most
        frequent class.  A task without pairs (no test labels) has one row of NaN.  A seed's gain is that on its own
        outer fold, whose share of the test examples is the weight.  Empty where nothing can be paired.
    """
    pairs = _pairs(table, arm, against, phase)
    rows, unpaired, examples = [], [], []
    for task in common.tasks:
        own = pairs[pairs["task"] == task].set_index("seed")
        if own.empty:
            unpaired.append(_unpaired(task))
            continue
        examples.append(example_differences(own))
        rows.append(_rows_of_task(task, own, examples[-1], common))
    if not rows:
        return pd.DataFrame(columns=_COLUMNS)
    counted = [place for place, part in enumerate(rows) if part["task"].iloc[0] not in common.uncounted]
    in_means = [(rows[place], examples[place]) for place in counted or range(len(rows))]
    means = [_mean_over_tasks(in_means, common)]
    if common.importance is not None:
        means.append(_mean_over_tasks(in_means, replace(common, importance=None)).assign(scope=EQUAL_MEAN))
    return pd.concat([*rows, *unpaired, *means], ignore_index=True)[_COLUMNS]


_COLUMNS = [
    "scope", "task", "seed", "gain", "metric", "baseline_metric", "test_variance", "test_degrees", "fold", "weight",
    "test_influence", "rarer",
]  # fmt: skip


_PAIRED = [
    "task", "seed", "replica", "test_skill", "test_metric", "trivial_metric", "perfect_metric", "num_test",
    "example_scores", "metric",
]  # fmt: skip


def _pairs(table: pd.DataFrame, arm: str, against: str | Mapping[str, str], phase: str) -> pd.DataFrame:
    """Scores of the arm and, with ``_baseline`` behind their names, of its baseline: a row per task and seed of both.

    A report makes thousands of comparisons in a table of tens of thousands of rows, so rows are picked before all else.
    """
    columns, here = [name for name in _PAIRED if name in table], table["phase"] == phase
    theirs = against if isinstance(against, str) else table["task"].map(dict(against))
    left, right = (table.loc[here & (table["arm"] == label), columns] for label in (arm, theirs))
    pairs = left.merge(right, on=["task", "seed"], suffixes=("", "_baseline")).sort_values("seed", kind="stable")
    return pairs[np.isfinite(pairs["test_skill"]) & np.isfinite(pairs["test_skill_baseline"])]


def _rows_of_task(task: str, pairs: pd.DataFrame, examples: ExampleDifferences, common: Setting) -> pd.DataFrame:
    fold, sizes = fold_of(pairs.index.to_numpy(), common.folds), pairs["num_test"].to_numpy()
    _, first, place = np.unique(fold, return_index=True, return_inverse=True)
    return pd.DataFrame(
        {
            "scope": TASK,
            "task": task,
            "seed": pairs.index,
            "gain": 100 * (pairs["test_skill"] - pairs["test_skill_baseline"]).to_numpy(),
            "metric": pairs["test_metric"].to_numpy(),
            "baseline_metric": pairs["test_metric_baseline"].to_numpy(),
            "fold": fold,
            "weight": (sizes[first] / sizes[first].sum())[place],  # of the fold among all folds that have pairs
            "rarer": _rarer(pairs, first),
            **_repeated(test_part([examples], common.folds, common.groups), len(pairs)),
        }
    )


def _rarer(pairs: pd.DataFrame, first: np.ndarray) -> float:
    """The number of judged examples outside the most frequent class, which accuracy's trivial predictor misses.

    NaN where the metric knows no classes, and where both arms are the same networks: there is nothing to judge.

    Args:
        pairs: of one task.
        first: place of a pair of every outer fold.
    """
    same = "replica" in pairs and (pairs["replica"] == pairs["replica_baseline"]).all()
    if same or "metric" not in pairs or pairs["metric"].iloc[0] != ACCURACY:
        return np.nan
    folds = pairs.iloc[first]
    return float(((1 - folds["trivial_metric"]) * folds["num_test"]).sum())


def _unpaired(task: str) -> pd.DataFrame:
    numbers = dict.fromkeys(("gain", "metric", "baseline_metric"), np.nan)
    row = {"scope": TASK, "task": task, "seed": -1, **numbers, "test_variance": np.inf, "test_degrees": 0}
    row |= {"fold": 0, "weight": 1.0, "test_influence": None, "rarer": np.nan}
    return pd.DataFrame([row])


def _repeated(facts: Mapping[str, Any], times: int) -> dict[str, list[Any]]:
    """The same facts for every row; an array of them is one value."""
    return {name: [value] * times for name, value in facts.items()}


def _mean_over_tasks(parts: list[tuple[pd.DataFrame, ExampleDifferences]], common: Setting) -> pd.DataFrame:
    rows, examples = zip(*parts, strict=True)
    tasks = [part["task"].iloc[0] for part in rows]
    gains, weights = (
        pd.DataFrame({task: part.set_index("seed")[name] for task, part in zip(tasks, rows, strict=True)})
        .sort_index()
        .sort_index(axis=1)
        for name in ("gain", "weight")
    )
    complete = gains.notna().sum(axis=1) == _tasks_of_a_fold(gains, common.folds)
    gains, weights = gains[complete], weights[complete]
    fold = fold_of(gains.index.to_numpy(), common.folds)
    number = max(1, len(np.unique(fold)))
    # what a fold counts in a task's own mean, times the number of folds: 1 where all folds are alike
    shares = number * weights / weights.groupby(fold).first().sum()
    gains = (shares * gains).fillna(0.0)
    return pd.DataFrame(
        {
            "scope": MEAN,
            "task": "",
            "seed": gains.index,
            "gain": mean_over_tasks(gains, common.importance).to_numpy(),
            "metric": np.nan,
            "baseline_metric": np.nan,
            "fold": fold,
            "weight": 1 / number,
            "rarer": np.nan,
            **_repeated(
                test_part(examples, common.folds, common.groups, weights_of(tasks, common.importance)), len(gains)
            ),
        }
    )


def _tasks_of_a_fold(gains: pd.DataFrame, folds: int) -> list[int]:
    """For every seed the number of tasks that have test labels in its outer fold; without folds that of all tasks."""
    labelled, fold = gains.notna().to_numpy(), fold_of(gains.index.to_numpy(), folds)
    of_fold = {number: int(labelled[fold == number].any(axis=0).sum()) for number in np.unique(fold)}
    return [of_fold[number] for number in fold]


def gain_of(rows: pd.DataFrame, *, family: float = 1, level_divisor: int = 1) -> Gain:
    """Return the gain of the rows of one comparison (:func:`differences`) of one task."""
    variance, degrees, third = float(rows["test_variance"].iloc[0]), float(rows["test_degrees"].iloc[0]), 0.0
    influence = rows["test_influence"].iloc[0] if "test_influence" in rows else None
    if influence is not None:
        degrees, third = degrees_of_freedom(influence, degrees + 1), float(np.sum(influence**3))
    return paired_gain(
        rows["gain"].to_numpy(),
        variance,
        degrees,
        family=family,
        level_divisor=level_divisor,
        strata=strata_of(rows),
        third=third,
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
