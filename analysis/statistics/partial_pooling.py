"""Gains of several tasks, drawn towards each other as far as their errors suggest that they are alike.

The model is that of :mod:`analysis.statistics.gain_hierarchy`, with errors estimated over test examples and seeds
jointly.  Intervals cover in the mean over tasks rather than for each: a task unlike the others is drawn towards them,
and the raw gain with its own interval stays the statement about it.  A task without error, whose two arms are one or
predict the same, says nothing about the others and is left out of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.gain_hierarchy import hierarchy
from analysis.statistics.intervals import ALPHA, t_quantile

LEAST_TASKS = 4
"""With fewer tasks there is too little to learn how far they differ."""
LEAST_ERROR = 1e-6
"""Smallest error, in points, of a task in the pool: two arms that predict the same have none."""


@dataclass(frozen=True)
class Pooled:
    """Partly pooled gains of tasks, in points.

    Args:
        gain: posterior mean of every task's gain, [t].
        error: posterior standard deviation, [t].
        low, high: ends of the 95% intervals, [t].
        spread: posterior mean of the standard deviation of true gains over tasks.
    """

    gain: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: float


def pooled_gains(
    gains: np.ndarray, errors: np.ndarray, degrees: float = np.inf, level_divisor: int = 1
) -> Pooled | None:
    """Return partly pooled gains; ``None`` with fewer than four tasks that have an error.

    Args:
        gains: measured gain of every task, [t].
        errors: covariance of their errors, [t t].
        degrees: degrees of freedom of the covariance.
        level_divisor: by which the level is divided, as the study was judged more than once.
    """
    pool = np.diag(errors) > LEAST_ERROR**2
    if pool.sum() < LEAST_TASKS:
        return None
    found = _pooled(gains[pool], errors[np.ix_(pool, pool)], t_quantile(degrees, ALPHA / level_divisor))
    if pool.all():
        return found
    whole = {name: np.array(gains, dtype=float) for name in ("gain", "low", "high")} | {"error": np.zeros(len(gains))}
    for name, values in whole.items():
        values[pool] = getattr(found, name)
    return Pooled(**whole, spread=found.spread)


def _pooled(gains: np.ndarray, covariance: np.ndarray, quantile: float) -> Pooled:
    found = hierarchy(gains, covariance)
    mean = found.weights @ found.means
    variances = np.maximum(np.diagonal(found.covariances, axis1=1, axis2=2), 0.0)
    error = np.sqrt(found.weights @ (variances + (found.means - mean) ** 2))
    half = quantile * error
    return Pooled(mean, error, mean - half, mean + half, float(found.weights @ found.spreads))
