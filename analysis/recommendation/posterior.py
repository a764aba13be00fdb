"""What the measured gains of an arm say about its true ones: probabilities for the mean, and draws for the tasks.

The mean over tasks has a flat prior: its posterior is the two-piece normal distribution whose 95% interval is the
reported one.  The tasks are partly pooled (:mod:`analysis.statistics.gain_hierarchy`): without pooling the worst of
many noisily measured tasks looks lost whatever the truth is.  Their errors are those that the tasks' 95% intervals
state, with one correlation, common to all pairs of tasks, at which the mean over tasks has its own error.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.statistics.gain_hierarchy import hierarchy
from analysis.statistics.intervals import ALPHA

DRAWS = 4000
LEAST_ERROR = 1e-6
"""Smallest error, in points: two arms that predict the same have none, and a covariance must not be singular."""
SEED = 20_061


def below(edge: float, gain: float, low: float, high: float, level_divisor: int = 1) -> float:
    """Return the probability that a true gain lies below ``edge``; NaN without an interval.

    Args:
        edge: in points.
        gain: measured gain.
        low, high: its interval, which need not be symmetric.
        level_divisor: by which the level is divided, as the study was judged more than once.
    """
    side = gain - low if edge < gain else high - gain
    if not math.isfinite(side):
        return math.nan
    return float(ndtr((edge - gain) / max(error_of(0.0, 2 * side, level_divisor), LEAST_ERROR)))


def error_of(low: float, high: float, level_divisor: int = 1) -> float:
    """Return the standard error of the normal distribution with the interval from ``low`` to ``high``."""
    return (high - low) / 2 / float(ndtri(1 - ALPHA / level_divisor / 2))


def common_correlation(errors: np.ndarray, error_of_mean: float) -> float:
    """Return the correlation of all pairs of tasks at which their mean has ``error_of_mean``.

    Args:
        errors: standard error of every task, [t]; for a mean by importance each times t and its share in the mean.
        error_of_mean: standard error of the mean over the same tasks; NaN: not known, and 0 is returned.
    """
    num_tasks, squares = len(errors), float(np.sum(errors**2))
    pairs = float(np.sum(errors)) ** 2 - squares
    if num_tasks < 2 or not math.isfinite(error_of_mean) or pairs <= 0:
        return 0.0
    found = ((num_tasks * error_of_mean) ** 2 - squares) / pairs
    return float(np.clip(found, -0.9 / (num_tasks - 1), 0.95))


def pooled_draws(gains: np.ndarray, errors: np.ndarray, correlation: float = 0.0) -> np.ndarray:
    """Return draws from the posterior of the tasks' true gains, [draws t]; the same for the same input.

    Args:
        gains: measured gain of every task, in points, [t].
        errors: standard error of each, [t].
        correlation: of the errors of any two tasks.
    """
    errors = np.maximum(errors, LEAST_ERROR)
    covariance = np.outer(errors, errors) * (correlation + (1 - correlation) * np.eye(len(gains)))
    found = hierarchy(gains, covariance)
    generator = np.random.default_rng(SEED)
    counts = generator.multinomial(DRAWS, found.weights)
    steps = zip(found.means, found.covariances, counts, strict=True)
    return np.concatenate(
        [
            generator.multivariate_normal(mean, around, count, method="eigh", check_valid="ignore")
            for mean, around, count in steps
        ]
    )
