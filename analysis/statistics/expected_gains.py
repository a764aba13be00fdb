"""What each task is expected to gain under each arm, from a few seeds and many arms that share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Gains = Float[np.ndarray, "arms seeds tasks"]


def expected_gains(gains: Gains) -> tuple[Float[np.ndarray, "arms tasks"], float]:
    """Return the expected gain of each task under each arm, and the standard deviation of what it could be.

    A task's gain under one arm over two seeds is mostly noise, but a task that has little in common with the others
    loses under most arms that share.  The gain of a task over all arms is therefore shrunk towards the mean of the
    tasks, and the gain under one arm towards that of the task, each by the part of its variance that the spread between
    seeds explains (empirical Bayes: Efron & Morris, "Stein's estimation rule and its competitors", JASA 1973).

    Args:
        gains: paired differences to single-task networks, by arm, seed and task; NaN where a network is missing.

    Returns:
        Means and standard deviation, in the units of ``gains``; a mean is NaN where an arm has no value of a task.
        With a single seed the noise is not known, and everything is NaN.
    """
    if gains.shape[1] < 2:
        return np.full((gains.shape[0], gains.shape[2]), np.nan), np.nan
    of_tasks = _mean(gains, axis=0)
    raw, tasks = _mean(gains, axis=1), _mean(of_tasks, axis=0)
    noise = float(_mean(np.array([_squared_error(arm) for arm in gains]), axis=0))
    common, variance_of_tasks = _shrunk(tasks - tasks.mean(), _squared_error(of_tasks))
    own, variance_of_arms = _shrunk(raw - tasks, noise)
    return tasks.mean() + common + own, float(np.sqrt(variance_of_tasks + variance_of_arms))


def _shrunk(deviations: np.ndarray, noise: float) -> tuple[np.ndarray, float]:
    """Deviations from a common mean, times the part of their mean square that is no noise; their remaining variance."""
    square = float(_mean(_mean(deviations**2, axis=0), axis=0))
    part = max(0.0, 1 - noise / square) if square > 0 else 0.0
    return part * deviations, part * noise


def _squared_error(gains: Float[np.ndarray, "seeds tasks"]) -> float:
    """The squared standard error of a task's mean over seeds, the same for all tasks; NaN without two seeds of any."""
    count = (~np.isnan(gains)).sum(axis=0)
    squares = (gains - _mean(gains, axis=0)) ** 2
    freedom = (count - 1)[count > 1].sum()
    return float(np.nansum(squares) / freedom / count[count > 1].mean()) if freedom > 0 else np.nan


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean of what is there; NaN, without a warning, where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    return np.where(count > 0, np.nansum(values, axis=axis) / np.maximum(count, 1), np.nan)
