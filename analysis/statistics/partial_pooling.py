"""Gains of several tasks, drawn towards each other as far as their errors suggest that they are alike.

    x ~ N(g, V),        g_t ~ N(μ, τ²),        μ flat,        τ uniform between 0 and a wide limit

with the measured gains x, the true gains g and the covariance V of the errors, estimated over test examples and seeds
jointly.  Given τ all is normal with W = (V + τ² 1)⁻¹, μ̂ = 1ᵀWx / 1ᵀW1:

    E[g] = x − V W (x − μ̂),        Var[g] = V − V W V + r rᵀ / 1ᵀW1,        r = V W 1.

The posterior averages over τ by its marginal likelihood, so that intervals know that τ is not known well.  They cover
in the mean over tasks rather than for each: a task unlike the others is drawn towards them, and the raw gain with its
own interval stays the statement about it.  A task without error, whose two arms are one or predict the same, says
nothing about the others and is left out of the pool.

Source: A. Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 2006;
C. N. Morris, "Parametric empirical Bayes inference", JASA 1983.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.intervals import ALPHA, t_quantile

LEAST_TASKS = 4
"""With fewer tasks there is too little to learn how far they differ."""
STEPS = 60
"""Number of values of τ between 0 and its limit."""
LEAST_ERROR = 1e-6
"""Smallest error, in points, of a task in the pool: two arms that predict the same have none."""


@dataclass(frozen=True)
class Pooled:
    """Partly pooled gains of tasks, in points.

    Args:
        gain: posterior mean of every task's gain, [t].
        error: posterior standard deviation, [t].
        low, high: ends of the 95% intervals, [t].
        spread: posterior mean of τ, the standard deviation of true gains over tasks.
    """

    gain: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: float


def pooled_gains(gains: np.ndarray, errors: np.ndarray, degrees: float = np.inf, looks: int = 1) -> Pooled | None:
    """Return partly pooled gains; ``None`` with fewer than four tasks that have an error.

    Args:
        gains: measured gain of every task, [t].
        errors: covariance of their errors, [t t].
        degrees: degrees of freedom of the covariance.
        looks: how often the study may be judged.
    """
    pool = np.diag(errors) > LEAST_ERROR**2
    if pool.sum() < LEAST_TASKS:
        return None
    found = _pooled(gains[pool], errors[np.ix_(pool, pool)], t_quantile(degrees, ALPHA / looks))
    if pool.all():
        return found
    whole = {name: np.array(gains, dtype=float) for name in ("gain", "low", "high")} | {"error": np.zeros(len(gains))}
    for name, values in whole.items():
        values[pool] = getattr(found, name)
    return Pooled(**whole, spread=found.spread)


def _pooled(gains: np.ndarray, covariance: np.ndarray, quantile: float) -> Pooled:
    count = len(gains)
    limit = 2 * float(np.ptp(gains)) + float(np.sqrt(np.diag(covariance).max()))
    spreads = np.linspace(0.0, limit, STEPS)
    inverses = np.linalg.inv(covariance + spreads[:, None, None] ** 2 * np.eye(count))
    precision = inverses.sum(axis=(1, 2))
    centres = np.einsum("sij,j->s", inverses, gains) / precision
    residuals = gains - centres[:, None]
    weighted = np.einsum("sij,sj->si", inverses, residuals)
    weights = _posterior(inverses, precision, np.einsum("si,si->s", residuals, weighted))
    means = gains - weighted @ covariance
    shares = np.einsum("ij,sjk->sik", covariance, inverses)
    variances = np.diag(covariance) - np.einsum("sij,ji->si", shares, covariance)
    variances += shares.sum(axis=2) ** 2 / precision[:, None]
    mean = weights @ means
    error = np.sqrt(weights @ (np.maximum(variances, 0.0) + (means - mean) ** 2))
    half = quantile * error
    return Pooled(mean, error, mean - half, mean + half, float(weights @ spreads))


def _posterior(inverses: np.ndarray, precision: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Posterior weight of every τ, with μ integrated out."""
    likelihood = 0.5 * (np.linalg.slogdet(inverses)[1] - np.log(precision) - squares)
    weights = np.exp(likelihood - likelihood.max())
    return weights / weights.sum()
