"""Quantiles of a studentised mean whose examples are skewed.

The mean of few skewed differences leans: after rare losses it was estimated too high, and its standard error too
small, at the same time.  Hall's monotone transformation of the studentised mean T removes the skewness λ of the mean,

    g(T) = T + λ T² / 3 + λ² T³ / 27 + λ / 6   is nearly normal,        λ = κ₃ / variance^{3/2},

so that the interval ends at mean − error · g⁻¹(±q), with g⁻¹(y) = 3 ((1 + λ (y − λ/6))^{1/3} − 1) / λ.  q is a
quantile of Student's t, with degrees of freedom that know the tails
(:func:`analysis.statistics.influence.degrees_of_freedom`).  In simulations it covers as well as the studentised
bootstrap or better, at no cost, and at any level.

Source: P. Hall, "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 1992.
"""

from __future__ import annotations

import math

import numpy as np

SMALL = 1e-6
"""Below this skewness the transformation is the identity to rounding."""


def skewed_ends(quantile: float, skewness: float) -> tuple[float, float]:
    """Return how far an interval reaches below and above the mean, in standard errors; both are at least 0.

    Args:
        quantile: two-sided quantile for a mean without skewness.
        skewness: of the mean: third cumulant over the 3/2 power of its variance.
    """
    if not math.isfinite(quantile) or abs(skewness) < SMALL:
        return quantile, quantile
    upper, lower = (
        3 / skewness * (float(np.cbrt(1 + skewness * (y - skewness / 6))) - 1) for y in (quantile, -quantile)
    )
    return max(0.0, upper), max(0.0, -lower)
