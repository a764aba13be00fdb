"""The hierarchical model against its definition: conditional normals, and a marginal likelihood by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from analysis.statistics.gain_hierarchy import hierarchy

GAINS = np.array([3.0, -1.0, 0.5, 2.0])
ERRORS = 0.5 * np.diag([1.0, 2.0, 0.5, 1.0]) + 0.3


def test_without_a_spread_all_gains_are_one_weighted_mean() -> None:
    found = hierarchy(GAINS, ERRORS)
    weights = np.linalg.inv(ERRORS).sum(axis=0)
    assert found.spreads[0] == 0.0
    assert found.means[0] == pytest.approx(weights @ GAINS / weights.sum())
    assert found.covariances[0] == pytest.approx(1 / weights.sum())


@pytest.mark.parametrize("step", [1, 20, 59])
def test_given_a_spread_gains_are_the_normal_regression_on_measurements(step: int) -> None:
    """With a very wide normal prior in place of the flat one for the common centre."""
    found = hierarchy(GAINS, ERRORS)
    prior = found.spreads[step] ** 2 * np.eye(4) + 1e4
    slope = prior @ np.linalg.inv(prior + ERRORS)
    assert found.means[step] == pytest.approx(slope @ GAINS, abs=1e-3)
    assert found.covariances[step] == pytest.approx(prior - slope @ prior, abs=1e-3)


def test_a_covariance_that_few_rows_leave_singular_has_a_posterior() -> None:
    rows = np.random.default_rng(5).normal(size=(3, 14))
    found = hierarchy(np.linspace(-2.0, 2.0, 14), rows.T @ rows)
    assert np.isfinite(found.weights).all()
    assert found.weights.sum() == pytest.approx(1.0)
    assert np.isfinite(found.weights @ found.means).all()


def test_spreads_have_the_weights_of_their_marginal_likelihood() -> None:
    found = hierarchy(GAINS, ERRORS)
    centres = np.linspace(-60.0, 60.0, 4001)
    likelihood = [
        multivariate_normal(GAINS, ERRORS + spread**2 * np.eye(4)).pdf(np.repeat(centres[:, None], 4, axis=1)).sum()
        for spread in found.spreads
    ]
    assert found.weights == pytest.approx(np.array(likelihood) / np.sum(likelihood), abs=1e-6)
