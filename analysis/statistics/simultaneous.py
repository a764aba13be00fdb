"""Statements that hold together: the level of each, given how much they depend on each other.

The largest of many studentised errors is resampled: every seed's and every test example's contribution (or its
group's) is multiplied by a normal weight, the same one in all comparisons, and summed.  Such sums are exactly normal
with the covariance of the comparisons, Σ c cᵀ, and are therefore drawn from that: 20,000 resamples of a family, however
many test examples there are.  c is the 1 − α quantile of the largest |z|; each statement is then made at the level of
its own that belongs to c.  It lies between α / F (Bonferroni, independent statements) and α (all the same).

Words come from a step-down.  Where the true gain lies beyond the band, only an error towards the band can give a wrong
word: a comparison that has been settled so stays in the family with this side alone, and the rest is judged anew at
the higher level.  If no word is wrong so far, the family still holds every error that could make one wrong: the
probability that a study says anything wrong stays at α, for differences, for their signs, and for *no practical
difference*.

Source: V. Chernozhukov, D. Chetverikov & K. Kato, "Gaussian approximations and multiplier bootstrap for maxima of sums
of high-dimensional random vectors", Annals of Statistics 2013; J. P. Romano & M. Wolf, "Exact and approximate stepdown
methods for multiple hypothesis testing", JASA 2005.  Differs: one side of a settled comparison stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtr

BOTH, ABOVE, BELOW = 0, 1, -1
"""Which errors of a comparison count: both, or only a mean that is above, or below, the truth."""

DRAWS = 20_000
SEED = 20_131


def covariance(examples: Sequence[np.ndarray], seeds: Sequence[np.ndarray]) -> np.ndarray:
    """Return the covariance of the errors of several comparisons, [f f].

    Args:
        examples: contributions of test examples to each comparison, [groups] of the same groups.
        seeds: contributions of seeds to each, [seeds] of the same seeds.
    """
    rows = [np.stack(examples), np.stack(seeds)]
    return sum((part @ part.T for part in rows), start=np.zeros((len(examples), len(examples))))


def normal_draws(errors: np.ndarray, size: int = DRAWS) -> np.ndarray:
    """Return standardised joint errors, [size f], from their covariance; the same for the same covariance.

    A comparison without error, such as one of an arm with itself, has 0 in every draw.
    """
    deviations = np.sqrt(np.diag(errors))
    scale = np.where(deviations > 0, deviations, 1.0)
    values, vectors = np.linalg.eigh(errors / np.outer(scale, scale))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.random.default_rng(SEED).standard_normal((size, len(errors))) @ root.T


def level_of_each(draws: np.ndarray, alpha: float, sides: np.ndarray | None = None) -> float:
    """Return the two-sided level of every statement at which all hold together with probability 1 − ``alpha``.

    Args:
        draws: of :func:`normal_draws`.
        alpha: level of the family.
        sides: which errors count, by comparison; ``None``: both of all.
    """
    count = draws.shape[1]
    if count < 2 and sides is None:
        return alpha
    chosen = np.full(count, BOTH) if sides is None else np.asarray(sides)
    largest = np.where(chosen == BOTH, np.abs(draws), draws * chosen).max(axis=1)
    level = 2 * (1 - ndtr(np.quantile(largest, 1 - alpha)))
    return float(np.clip(level, alpha / count, 1.0 if sides is not None else alpha))


def step_down(draws: np.ndarray, alpha: float, side_settled: Callable[[int, float], int]) -> float:
    """Return the level at which words are given, at least that of :func:`level_of_each`.

    Args:
        draws: of :func:`normal_draws`.
        alpha: level of the family.
        side_settled: for a comparison and a level, the side of errors that could still make its word wrong: ``BELOW``
            where it is settled as better, ``ABOVE`` where it is settled as worse, else ``BOTH``.
    """
    count = draws.shape[1]
    level, sides = level_of_each(draws, alpha), np.full(count, BOTH)
    while True:
        found = np.array([side_settled(number, level) for number in range(count)])
        if (found == sides).all():
            return level
        sides, level = found, max(level, level_of_each(draws, alpha, found))
