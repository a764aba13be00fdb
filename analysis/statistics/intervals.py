"""The gain of paired differences and its intervals, from two sources of uncertainty: seeds and test examples.

A difference is paired by seed.  Its uncertainty has two sources, and neither may be left out: another seed would have
trained other networks, and another test split would have asked other questions,

    variance = s² / n + v,        v = (G − 1) / G · Σ_g (Σ_{i in g} (x_i − x̄) / (N − N_g))²,

where s is the standard deviation of the n per-seed differences (within outer folds, where there are any) and x_i the
difference of test example i averaged over seeds (in points of skill).  v is the jackknife over test examples, or over
their G groups of N_g (:mod:`analysis.statistics.influence`); for groups of one size it is the closed form of the
bootstrap of a mean, with the same resample in all arms.  What training adds to it and takes from it stands in
:mod:`analysis.statistics.training_noise`.  The scale between metric and skill (perfect − trivial) also depends on the
test examples; holding it fixed leaves out a part of the order gain × its relative error, which is small where verdicts
are made: next to the band.

The quantile is Student's t with the Welch–Satterthwaite degrees of freedom of the sum of the two: n − 1 where seeds
dominate, about as many as test examples where these do, or fewer where their differences have heavy tails.  Skewed
differences give intervals that reach further to one side (:mod:`analysis.statistics.skewness`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import nctdtrinc, stdtrit

from analysis.statistics.influence import effective_groups, example_influence
from analysis.statistics.skewness import skewed_ends
from analysis.statistics.strata import Strata

ALPHA = 0.05
MIN_SEEDS = 5
"""Below this a standard deviation is a guess: points are shown, no interval."""


class Ends:
    """Ends of the two intervals of an estimate, whose middles lie beside its mean where differences are skewed."""

    mean: float
    half_width: float
    half_simultaneous: float
    shift: float
    shift_simultaneous: float

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the 95% interval."""
        middle = self.mean + self.shift
        return middle - self.half_width, middle + self.half_width

    @property
    def simultaneous(self) -> tuple[float, float]:
        """Ends of the interval that holds for the whole family at once."""
        middle = self.mean + self.shift_simultaneous
        return middle - self.half_simultaneous, middle + self.half_simultaneous


@dataclass(frozen=True)
class Gain(Ends):
    """A paired difference in points of skill.

    Args:
        mean: over seeds; NaN without pairs.
        n: number of paired seeds.
        seed_sd: standard deviation of the per-seed differences.
        test_error: standard error from the test examples.
        degrees: degrees of freedom of both sources together.
        half_width: half the width of the 95% interval; NaN below five seeds.
        half_simultaneous: half the width of the interval that holds for the whole family at once.
        half_seed_only: half the width of the 95% interval that counts seeds alone, as if the test examples were fixed.
        shift: by how much the middle of the 95% interval lies above the mean, because differences are skewed.
        shift_simultaneous: the same of the interval that holds for the whole family.
        skewness: of the mean, from the test examples; 0 where it is not known.
    """

    mean: float
    n: int
    seed_sd: float
    test_error: float
    degrees: float
    half_width: float
    half_simultaneous: float
    half_seed_only: float
    shift: float = 0.0
    shift_simultaneous: float = 0.0
    skewness: float = 0.0

    @property
    def error(self) -> float:
        """Standard error of the mean from both sources, seeds and test examples; NaN below two seeds."""
        return math.hypot(self.seed_sd / math.sqrt(self.n), self.test_error) if self.n > 1 else math.nan


def example_variance(examples: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float]:
    """Return the variance of a mean that comes from the choice of test examples, and its degrees of freedom.

    Args:
        examples: differences averaged over seeds, [n] or, for a mean over tasks, [t n]; NaN = not labelled.
        groups: group number of every example; ``None``: each is its own.

    Returns:
        (v, G − 1), where groups of unequal size count as fewer; infinite and 0 with fewer than two examples or groups,
        which say nothing about others.
    """
    return variance_of(example_influence(examples, groups), effective_groups(examples, groups))


def variance_of(influence: np.ndarray | None, groups: float) -> tuple[float, float]:
    """Return variance and degrees of freedom as :func:`example_variance` does, from what groups contribute.

    Args:
        influence: what :func:`analysis.statistics.influence.example_influence` returns.
        groups: what :func:`analysis.statistics.influence.effective_groups` returns.
    """
    return (math.inf, 0) if influence is None else (float(np.sum(influence**2)), groups - 1)


def paired_gain(
    differences: np.ndarray,
    variance: float = 0.0,
    degrees: float = 0,
    *,
    family: float = 1,
    level_divisor: int = 1,
    strata: Strata | None = None,
    third: float = 0.0,
) -> Gain:
    """Return the gain of paired differences, with its intervals.

    Args:
        differences: one per seed, in points; NaN = no pair.
        variance, degrees: what :func:`example_variance` says of the test examples.
        family: number of simultaneous statements; each is made at level 0.05 / family.  Statements that depend on each
            other count as fewer, so it need not be whole (:mod:`analysis.statistics.simultaneous`).
        level_divisor: by which the level is divided, as the study was judged more than once.
        strata: outer folds of the differences; ``None``: all seeds are judged on the same examples.
        third: third cumulant of the mean, from the test examples.
    """
    pairs = np.asarray(differences, dtype=float)
    paired = np.isfinite(pairs)
    n = int(paired.sum())
    if strata is None:
        mean, seed_sd, free = *_mean_and_deviation(pairs[paired]), n - 1
    else:
        mean, seed_sd, free = _over_folds(pairs[paired], strata.fold[paired], strata.weight[paired])
    if n < MIN_SEEDS or free < 1:
        return Gain(mean, n, seed_sd, math.sqrt(variance), math.nan, math.nan, math.nan, math.nan)
    seeds = seed_sd**2 / n
    error = math.sqrt(seeds + variance)
    both = _welch(seeds, free, variance, degrees)
    skewness = third / error**3 if error > 0 and math.isfinite(error) else 0.0
    half, shift = half_and_shift(t_quantile(both, ALPHA / level_divisor), skewness, error)
    half_family, shift_family = half_and_shift(t_quantile(both, ALPHA / level_divisor / family), skewness, error)
    return Gain(
        mean=mean,
        n=n,
        seed_sd=seed_sd,
        test_error=math.sqrt(variance),
        degrees=both,
        half_width=half,
        half_simultaneous=half_family,
        half_seed_only=t_quantile(free, ALPHA / level_divisor) * math.sqrt(seeds),
        shift=shift,
        shift_simultaneous=shift_family,
        skewness=skewness,
    )


def half_and_shift(quantile: float, skewness: float, error: float) -> tuple[float, float]:
    """Return half the width of an interval, and by how much its middle lies above the mean.

    Args:
        quantile: two-sided quantile for a mean without skewness.
        skewness: of the mean.
        error: standard error of the mean.
    """
    below, above = skewed_ends(quantile, skewness)
    return (below + above) / 2 * error, (above - below) / 2 * error if skewness else 0.0


def _mean_and_deviation(pairs: np.ndarray) -> tuple[float, float]:
    mean = float(pairs.mean()) if len(pairs) else math.nan
    return mean, float(pairs.std(ddof=1)) if len(pairs) > 1 else math.nan


def _over_folds(pairs: np.ndarray, fold: np.ndarray, weight: np.ndarray) -> tuple[float, float, int]:
    """The mean over all folds' examples, the deviation of a seed's difference, and its degrees of freedom.

    How far folds lie apart is no matter of seeds: the deviation is that within folds, and scaled so that its square
    over the number of differences is the variance of the mean, Σ w² s² / n with w and n of each fold.
    """
    _, number = np.unique(fold, return_inverse=True)
    if not len(pairs):
        return math.nan, math.nan, 0
    counts = np.bincount(number)
    shares = np.bincount(number, weight) / counts
    shares /= shares.sum()
    means = np.bincount(number, pairs) / counts
    free = len(pairs) - len(counts)
    within = float(np.sum((pairs - means[number]) ** 2)) / free if free else math.nan
    deviation = math.sqrt(within * float(np.sum(shares**2 / counts)) * len(pairs))
    return float(np.sum(shares * means)), deviation, free


def _welch(first: float, first_degrees: float, second: float, second_degrees: float) -> float:
    if not math.isfinite(second) or second == 0:
        return float(first_degrees)
    share = first / (first + second)
    return 1 / (share**2 / first_degrees + (1 - share) ** 2 / second_degrees)


def t_quantile(degrees: float, alpha: float) -> float:
    """Return the two-sided quantile of Student's t at level ``alpha``."""
    return float(stdtrit(degrees, 1 - alpha / 2))


def smallest_effect(n: int, num_tasks: int = 1, *, power: float = 0.8, level_divisor: int = 1) -> float:
    """Return the smallest true effect, in seed standard deviations, found by n paired seeds with probability ``power``.

    The effect comes from the noncentral t distribution at level 0.05 / num_tasks.  To be told from the band the
    effect has to lie that far beyond the band's edge; noise from the test examples comes on top.  NaN below five seeds.
    """
    if n < MIN_SEEDS:
        return math.nan
    quantile = t_quantile(n - 1, ALPHA / level_divisor / num_tasks)
    return float(nctdtrinc(n - 1, 1 - power, quantile)) / math.sqrt(n)
