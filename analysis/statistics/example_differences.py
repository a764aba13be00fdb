"""Differences between two arms on every test example, and what they say of the error of the mean difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.records.schema import UnreadableRun
from analysis.statistics.influence import effective_groups, example_influence
from analysis.statistics.intervals import variance_of
from analysis.statistics.strata import fold_of
from analysis.statistics.training_noise import TrainingNoise, deviations, training_noise


@dataclass(frozen=True)
class ExampleDifferences:
    """Differences of one task, in points of skill.

    Args:
        seeds: of the pairs.
        values: of every seed and test example, [seeds n]; NaN where a seed does not judge, or without a label.
    """

    seeds: np.ndarray
    values: np.ndarray

    def over_seeds(self) -> np.ndarray:
        """Return the mean of every example's differences over the seeds that judge it; NaN where none does."""
        judged = np.isfinite(self.values)
        counts = judged.sum(axis=0)
        sums = np.where(judged, self.values, 0.0).sum(axis=0)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def example_differences(pairs: pd.DataFrame) -> ExampleDifferences:
    """Return the differences of paired replicas.

    Args:
        pairs: one row per seed, with ``replica, example_scores, trivial_metric, perfect_metric`` and, of the baseline,
            the same with ``_baseline`` behind them.

    Raises:
        UnreadableRun: when replicas were scored on different test examples.
    """
    values = 100 * (_example_skills(pairs, "") - _example_skills(pairs, "_baseline"))
    return ExampleDifferences(pairs.index.to_numpy(), values)


def _example_skills(pairs: pd.DataFrame, suffix: str) -> np.ndarray:
    values = [np.asarray(row, dtype=float) for row in pairs[f"example_scores{suffix}"]]
    if len({len(row) for row in values}) > 1:
        replica = pairs[f"replica{suffix}"].iloc[0]
        raise UnreadableRun(
            f"scores/: replicas such as {replica} were scored on different test examples. Score them again."
        )
    trivial = pairs[f"trivial_metric{suffix}"].to_numpy()[:, None]
    perfect = pairs[f"perfect_metric{suffix}"].to_numpy()[:, None]
    return (np.stack(values) - trivial) / (perfect - trivial)


def test_part(
    tasks: Sequence[ExampleDifferences],
    folds: int,
    groups: np.ndarray | None,
    weights: np.ndarray | None = None,  # noqa: PT028 - this is no test
) -> dict[str, Any]:
    """Return what the test examples say of the error of a mean.

    Args:
        tasks: differences of one task, or of all tasks whose mean it is.
        folds: number of outer folds.
        groups: group number of every test example; ``None``: each is its own.
        weights: of the tasks in their mean, [t], with sum 1; ``None``: all count alike.

    Returns:
        ``test_variance, test_degrees`` (one less than the number of groups), and ``test_influence`` of every group.
    """
    averaged = np.stack([task.over_seeds() for task in tasks])
    influence = example_influence(averaged, groups, weights)
    number = effective_groups(averaged, groups, weights)
    variance, degrees = variance_of(influence, number)
    if influence is not None and variance > 0:
        corrected = _noise_of(tasks, folds, groups, weights).corrected(variance)
        variance, influence = corrected, influence * math.sqrt(corrected / variance)
    return {"test_variance": variance, "test_degrees": degrees, "test_influence": influence}


def _noise_of(
    tasks: Sequence[ExampleDifferences], folds: int, groups: np.ndarray | None, weights: np.ndarray | None
) -> TrainingNoise:
    seeds = np.unique(np.concatenate([task.seeds for task in tasks]))
    total = np.zeros((len(seeds), tasks[0].values.shape[1]))
    times = np.ones(len(tasks)) if weights is None else weights * len(tasks)  # exactly 1 where all count alike
    for task, number in zip(tasks, times, strict=True):
        total[np.searchsorted(seeds, task.seeds)] += number * deviations(task.values, fold_of(task.seeds, folds))
    return training_noise(total / len(tasks), fold_of(seeds, folds), groups)
