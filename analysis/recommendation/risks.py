"""How likely an option loses or gains: for the mean over tasks, and for whichever task comes off worst."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.importance import IMPORTANCE, weights_of
from analysis.recommendation.posterior import DRAWS, below, common_correlation, error_of, pooled_draws


@dataclass(frozen=True)
class Risks:
    """What the posterior says of the gains of an option over training alone.

    Args:
        loss, benefit: probability that the mean gain lies below, or above, the band of no practical difference.
        worst: median of the gain of the worst task, in points.
        worst_low, worst_high: its 95% interval.
        some_loss: probability that at least one task loses more than the band.
        shortfall: expected loss beyond the band, mean over tasks by their importance, in points.
    """

    loss: float = math.nan
    benefit: float = math.nan
    worst: float = math.nan
    worst_low: float = math.nan
    worst_high: float = math.nan
    some_loss: float = math.nan
    shortfall: float = math.nan


NO_RISK = Risks(0.0, 0.0, 0.0, math.nan, math.nan, 0.0, 0.0)


def risks_of(tasks: pd.DataFrame, gain: float, low: float, high: float) -> Risks:
    """Return the risks of an option against training every task alone.

    Args:
        tasks: its rows of the transfer question's table, one per task; those without test labels are left out.  Where
            another one has no interval, or an infinite one, what concerns single tasks is NaN.
        gain: mean gain over tasks.
        low, high: its 95% interval.
    """
    level_divisor = int(tasks["level_divisor"].iloc[0]) if "level_divisor" in tasks else 1
    band = float(tasks["band"].iloc[0])
    loss, benefit = below(-band, gain, low, high, level_divisor), 1 - below(band, gain, low, high, level_divisor)
    known, stated = tasks[tasks["n"] > 0], IMPORTANCE in tasks
    ends = known[["low", "high"]].to_numpy(dtype=float)
    if not len(ends) or not np.isfinite(ends).all():
        return Risks(loss, benefit)
    weights = weights_of(known["task"], dict(zip(known["task"], known[IMPORTANCE], strict=True)) if stated else None)
    draws = _draws(
        known["gain"].to_numpy(dtype=float), ends, error_of(low, high, level_divisor), level_divisor, weights
    )
    worst = draws.min(axis=1)
    least, middle, most = (float(np.quantile(worst, share)) for share in (0.025, 0.5, 0.975))
    short = np.maximum(0.0, -band - draws)
    shortfall = float(short.mean() if weights is None else (short @ weights).mean())
    return Risks(loss, benefit, middle, least, most, float((worst < -band).mean()), shortfall)


def _draws(
    gains: np.ndarray, ends: np.ndarray, error_of_mean: float, level_divisor: int, weights: np.ndarray | None
) -> np.ndarray:
    """Draws of all true gains, [draws t]; a task whose network is the same in both cases gains exactly nothing."""
    same = (gains == 0) & (ends == 0).all(axis=1)
    draws = np.zeros((DRAWS, len(gains)))
    if not same.all():
        errors = np.array([error_of(start, end, level_divisor) for start, end in ends[~same]])
        times = 1.0 if weights is None else weights[~same] * len(gains)
        correlation = common_correlation(errors * times, error_of_mean * len(gains) / len(errors))
        draws[:, ~same] = pooled_draws(gains[~same], errors, correlation)
    return draws
