"""Quantiles of a studentised mean whose examples are skewed.

The mean of few skewed differences leans: after rare losses it was estimated too high, and its standard error too
small, at the same time.  Hall's monotone transformation of the studentised mean T removes the skewness λ of the mean,

    g(T) = T + λ T² / 3 + λ² T³ / 27 + λ / 6   is nearly normal,        λ = κ₃ / variance^{3/2},

so that an interval reaches from mean − error · g⁻¹(q) to mean + error · |g⁻¹(−q)|, with
g⁻¹(y) = 3 ((1 + λ (y − λ/6))^{1/3} − 1) / λ.  q is a quantile of Student's t, with degrees of freedom that know the
tails (:func:`analysis.statistics.influence.degrees_of_freedom`).

The correction only widens: on the side where it would narrow an interval, the quantile stays.  The skewness of a few
rare differences is itself a guess, and with it on both sides intervals covered 0.86 to 0.94 where the wider of both
covers 0.95 or more (``python -m tests.truth.calibration``).

Source: P. Hall, "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 1992.
"""

from __future__ import annotations

import math

import numpy as np

SMALL = 1e-6
"""Below this skewness the transformation is the identity to rounding."""


def skewed_ends(quantile: float, skewness: float) -> tuple[float, float]:
    """Return how far an interval reaches below and above the mean, in standard errors; both are at least the quantile.

    Args:
        quantile: two-sided quantile for a mean without skewness.
        skewness: of the mean: third cumulant over the 3/2 power of its variance.
    """
    if not math.isfinite(quantile) or abs(skewness) < SMALL:
        return quantile, quantile
    upper, lower = (
        3 / skewness * (float(np.cbrt(1 + skewness * (y - skewness / 6))) - 1) for y in (quantile, -quantile)
    )
    return max(quantile, upper), max(quantile, -lower)
