"""What the measured gains of an arm say about its true ones: probabilities for the mean, and draws for the tasks.

The mean over tasks has a flat prior: its posterior is the two-piece normal distribution whose 95% interval is the
reported one.  The tasks are partly pooled.  With measured gains x, true gains g and errors V,

    x | g ~ N(g, V),        g_t ~ N(μ, τ²),        μ flat,        τ uniform between 0 and a wide limit

(Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 1, 2006).  Without
pooling the worst of many noisily measured tasks looks lost whatever the truth is.  V has the errors that the tasks'
95% intervals state and one correlation, common to all pairs of tasks, at which the mean over tasks has its own error.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.statistics.intervals import ALPHA

DRAWS = 4000
STEPS = 40
"""Number of values of τ between 0 and its limit."""
LEAST_ERROR = 1e-6
"""Smallest error, in points: two arms that predict the same have none, and V must not be singular."""
SEED = 20_061


def below(edge: float, gain: float, low: float, high: float, looks: int = 1) -> float:
    """Return the probability that a true gain lies below ``edge``; NaN without an interval.

    Args:
        edge: in points.
        gain: measured gain.
        low, high: its interval, which need not be symmetric.
        looks: how often the study may be judged: the interval has the level 0.05 / looks.
    """
    side = gain - low if edge < gain else high - gain
    if not math.isfinite(side):
        return math.nan
    return float(ndtr((edge - gain) / max(error_of(0.0, 2 * side, looks), LEAST_ERROR)))


def error_of(low: float, high: float, looks: int = 1) -> float:
    """Return the standard error of the normal distribution with the interval from ``low`` to ``high``."""
    return (high - low) / 2 / float(ndtri(1 - ALPHA / looks / 2))


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
    variance = np.outer(errors, errors) * (correlation + (1 - correlation) * np.eye(len(gains)))
    limit = 2 * float(np.ptp(gains)) + float(errors.max())
    spreads = np.linspace(0.0, limit, STEPS)
    inverses = np.linalg.inv(variance + spreads[:, None, None] ** 2 * np.eye(len(gains)))
    weights = np.exp(_log_likelihood(gains, inverses))
    generator = np.random.default_rng(SEED)
    counts = generator.multinomial(DRAWS, weights / weights.sum())
    steps = zip(spreads, inverses, counts, strict=True)
    return np.concatenate([_draw(generator, gains, spread, inverse, count) for spread, inverse, count in steps])


def _log_likelihood(gains: np.ndarray, inverses: np.ndarray) -> np.ndarray:
    """Log marginal likelihood of every τ, [steps], with μ integrated out; the largest is 0."""
    precision = inverses.sum(axis=(1, 2))
    centres = np.einsum("sij,j->s", inverses, gains) / precision
    residuals = gains - centres[:, None]
    squares = np.einsum("si,sij,sj->s", residuals, inverses, residuals)
    found = 0.5 * (np.linalg.slogdet(inverses)[1] - np.log(precision) - squares)
    return found - found.max()


def _draw(
    generator: np.random.Generator, gains: np.ndarray, spread: float, inverse: np.ndarray, size: int
) -> np.ndarray:
    """``size`` draws of the true gains at one τ, [size t]: first μ, then the tasks."""
    precision = inverse.sum()
    centre = generator.normal(inverse.sum(axis=0) @ gains / precision, 1 / math.sqrt(precision), size)[:, None]
    tasks = np.eye(len(gains)) * spread**2 - spread**4 * inverse
    noise = generator.multivariate_normal(np.zeros(len(gains)), tasks, size, method="eigh", check_valid="ignore")
    return centre + spread**2 * (gains - centre) @ inverse + noise
