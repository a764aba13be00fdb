"""What some task may lose at worst: one statement about all tasks of an arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.simultaneous import ABOVE, level_of_each, normal_draws

Ends = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Harm:
    """The worst plausible loss of a task.

    Args:
        most_lost: no task loses more than this many points, with 95% confidence for all tasks at once; 0 where even
            the lowest of the lower limits is a gain.
        task: number of the task with the lowest lower limit.
        is_shown: whether some task is shown to lose more than the band, with 95% confidence for all tasks at once.
        probability: that some true gain lies below the band, were each drawn around its measured gain with its error.
            It does not pool tasks: of many noisy ones some looks lost whatever the truth is.
    """

    most_lost: float
    task: int
    is_shown: bool
    probability: float


def one_sided_level(draws: np.ndarray, alpha: float) -> float:
    """Return the two-sided level whose lower limits, or whose upper limits, all hold together at level ``alpha``.

    Args:
        draws: joint errors, of :func:`analysis.statistics.simultaneous.normal_draws`.
        alpha: level of the family.
    """
    return level_of_each(draws, alpha, np.full(draws.shape[1], ABOVE))


def worst_harm(gains: np.ndarray, errors: np.ndarray, ends: Ends, band: float) -> Harm:
    """Return what some task may lose at worst.

    Args:
        gains: measured gain of every task, [t].
        errors: covariance of their errors, [t t].
        ends: interval of every task at :func:`one_sided_level`.
        band: half-width of the band of no practical difference, in points.
    """
    low, high = (np.array(side, dtype=float) for side in zip(*ends, strict=True))
    place = int(np.argmin(low))
    drawn = gains + normal_draws(errors) * np.sqrt(np.diag(errors))
    probability = float((drawn.min(axis=1) < -band).mean())
    return Harm(max(0.0, -float(low[place])), place, bool((high < -band).any()), probability)
