"""What each task is expected to gain under each arm, from a few seeds and many arms that share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Gains = Float[np.ndarray, "arms seeds tasks"]


def expected_gains(gains: Gains, least: float = 0.0) -> tuple[Float[np.ndarray, "arms tasks"], float]:
    """Return the expected gain of each task under each arm, and the standard deviation of what it could be.

    A task's gain under one arm over two seeds is mostly noise, but a task that has little in common with the others
    loses under most arms that share, and an arm that is too narrow costs most tasks.  A gain is therefore the sum of
    three parts, of the task over all arms, of the arm over all tasks, and of both, and each is shrunk towards 0 by
    the part of its variance that the spread between seeds explains (empirical Bayes: Efron & Morris, "Stein's
    estimation rule and its competitors", JASA 1973).

    Args:
        gains: paired differences to single-task networks, by arm, seed and task; NaN where a network is missing.
        least: standard deviation by which tasks are taken to differ at least: a few seeds cannot say that they do not.

    Returns:
        Means and standard deviation, in the units of ``gains``; a mean is NaN where an arm has no value of a task.
        With a single seed the noise is not known, and everything is NaN.
    """
    if gains.shape[1] < 2:
        return np.full((gains.shape[0], gains.shape[2]), np.nan), np.nan
    of_tasks = _mean(gains, axis=0)
    grand = float(_mean(_mean(of_tasks, axis=0), axis=0))
    rest = gains - of_tasks
    of_arms = _mean(rest, axis=2)
    rest = rest - of_arms[:, :, None]
    parts = [
        _shrunk(of_tasks - grand, least),
        _shrunk(of_arms.T),
        _shrunk(rest.swapaxes(0, 1).reshape(gains.shape[1], -1)),
    ]
    (tasks, _), (arms, _), (own, _) = parts
    missing = np.where(np.isnan(_mean(gains, axis=1)), np.nan, 0.0)
    means = grand + tasks + arms[:, None] + np.nan_to_num(own).reshape(missing.shape) + missing
    return means, float(np.sqrt(sum(variance for _, variance in parts)))


def _shrunk(part: Float[np.ndarray, "seeds n"], least: float = 0.0) -> tuple[Float[np.ndarray, " n"], float]:
    """The means over seeds, times the share of their mean square that is no noise; and their remaining variance."""
    means, noise = _mean(part, axis=0), _squared_error(part)
    known = means[~np.isnan(means)]
    square = float(np.sum(known**2)) / max(len(known) - 1, 1)
    if square == 0 or not noise < np.inf:
        return 0 * means, 0.0
    share = max(1 - noise / square, least**2 / (least**2 + noise) if least else 0.0)
    return share * means, share * noise


def _squared_error(values: Float[np.ndarray, "seeds n"]) -> float:
    """The squared standard error of a mean over seeds, the same for all means; infinite without two seeds of any."""
    count = (~np.isnan(values)).sum(axis=0)
    squares = (values - _mean(values, axis=0)) ** 2
    freedom = (count - 1)[count > 1].sum()
    return float(np.nansum(squares) / freedom / count[count > 1].mean()) if freedom > 0 else np.inf


def _mean(values: np.ndarray, axis: int) -> np.ndarray:
    """The mean of what is there; NaN, without a warning, where nothing is."""
    count = (~np.isnan(values)).sum(axis=axis)
    return np.where(count > 0, np.nansum(values, axis=axis) / np.maximum(count, 1), np.nan)
