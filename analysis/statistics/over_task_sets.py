"""The mean of a gain over task sets, and how sure it is.

Task sets are independent: other examples, other networks, other seeds' luck.  With equal weights

    mean = Σ m_k / K,        variance = Σ v_k / K²,        degrees = (Σ v_k)² / Σ (v_k² / ν_k),

where m_k is the mean gain in task set k, v_k its variance from seeds and test examples together and ν_k the degrees of
freedom of that (Welch, "The generalization of 'Student's' problem when several different population variances are
involved", Biometrika 1947; Satterthwaite, "An approximate distribution of estimates of variance components",
Biometrics Bulletin 1946).  Since ν_k is itself of this form, so is the whole: nothing changes when seeds and test
examples of all sets are summed at once.  The K task sets are fixed: how much others would differ is no part of the
variance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.statistics.intervals import ALPHA, Ends, Gain, half_and_shift, t_quantile


@dataclass(frozen=True)
class MeanGain(Ends):
    """Mean gain over task sets, in points of skill.

    Args:
        mean: mean gain over the sets.
        num_sets: number K of task sets.
        error: standard error; NaN where a set has too few seeds for one.
        degrees: Welch–Satterthwaite degrees of freedom.
        half_width: half the width of the 95% interval.
        half_simultaneous: half the width of the interval that holds for the whole family at once.
        shift, shift_simultaneous: by how much the middles of these lie above the mean.
    """

    mean: float
    num_sets: int
    error: float
    degrees: float
    half_width: float
    half_simultaneous: float
    shift: float = 0.0
    shift_simultaneous: float = 0.0


def over_sets(gains: Sequence[Gain], *, family: int = 1, level_divisor: int = 1) -> MeanGain:
    """Return the mean of one comparison over the task sets in which it was made.

    Args:
        gains: one per task set.
        family: number of simultaneous statements; each is made at level 0.05 / family.
        level_divisor: by which the level is divided, as the suite was judged more than once.
    """
    count = len(gains)
    mean = sum(gain.mean for gain in gains) / count if count else math.nan
    variances = [gain.error**2 if math.isfinite(gain.half_width) else gain.half_width for gain in gains]
    total = sum(variances) if count else math.nan
    if not math.isfinite(total):  # NaN: too few seeds somewhere; infinite: test examples that say nothing of others
        return MeanGain(mean, count, math.sqrt(total), math.nan, total, total)
    spread = sum(variance**2 / gain.degrees for variance, gain in zip(variances, gains, strict=True))
    degrees = total**2 / spread if spread else float(sum(gain.degrees for gain in gains))
    error = math.sqrt(total) / count
    third = sum(gain.skewness * variance**1.5 for variance, gain in zip(variances, gains, strict=True))
    skewness = third / total**1.5 if total else 0.0  # third cumulants of independent means add up, as variances do
    quantiles = [t_quantile(degrees, ALPHA / level_divisor / statements) for statements in (1, family)]
    (half, shift), (half_family, shift_family) = (half_and_shift(one, skewness, error) for one in quantiles)
    return MeanGain(mean, count, error, degrees, half, half_family, shift, shift_family)
