"""The normal model of several tasks' gains, in which true gains differ by a spread that is not known.

    x ~ N(g, V),        g_t ~ N(μ, τ²),        μ flat,        τ uniform between 0 and a wide limit

with the measured gains x, the true gains g and the covariance V of the errors.  Given τ all is normal, and with
W = (V + τ² 1)⁻¹ and μ̂ = 1ᵀWx / 1ᵀW1,

    E[g] = x − V W (x − μ̂),        Cov[g] = V − V W V + r rᵀ / 1ᵀW1,        r = V W 1.

A posterior averages over τ by its marginal likelihood, so that it knows that τ is not known well.

Source: A. Gelman, "Prior distributions for variance parameters in hierarchical models", Bayesian Analysis 2006;
C. N. Morris, "Parametric empirical Bayes inference", JASA 1983.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 60
"""Number of values of τ between 0 and its limit."""
RIDGE = 1e-9
"""Part of the mean variance that is added to every task's: a singular covariance has no inverse at τ = 0."""


@dataclass(frozen=True)
class Hierarchy:
    """Posterior of the true gains of ``t`` tasks, as a mixture over ``s`` values of their spread.

    Args:
        spreads: values of τ, in points, [s].
        weights: posterior probability of each, [s].
        means: posterior mean of the gains given τ, [s t].
        covariances: posterior covariance of the gains given τ, [s t t].
    """

    spreads: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray


def hierarchy(gains: np.ndarray, errors: np.ndarray) -> Hierarchy:
    """Return the posterior of the true gains.

    Args:
        gains: measured gain of every task, in points, [t].
        errors: covariance of their errors, [t t]; few rows or seeds leave it singular.
    """
    errors = errors + RIDGE * np.diag(errors).mean() * np.eye(len(gains))
    limit = 2 * float(np.ptp(gains)) + float(np.sqrt(np.diag(errors).max()))
    spreads = np.linspace(0.0, limit, STEPS)
    inverses = np.linalg.inv(errors + spreads[:, None, None] ** 2 * np.eye(len(gains)))
    precision = inverses.sum(axis=(1, 2))
    centres = np.einsum("sij,j->s", inverses, gains) / precision
    residuals = gains - centres[:, None]
    weighted = np.einsum("sij,sj->si", inverses, residuals)
    shares = errors @ inverses
    spill = shares.sum(axis=2)
    covariances = errors - shares @ errors + spill[:, :, None] * spill[:, None] / precision[:, None, None]
    likelihood = np.linalg.slogdet(inverses)[1] - np.log(precision) - np.einsum("si,si->s", residuals, weighted)
    weights = np.exp(0.5 * (likelihood - likelihood.max()))
    return Hierarchy(spreads, weights / weights.sum(), gains - weighted @ errors, covariances)
