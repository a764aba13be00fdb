"""Comparisons that are judged together: gains with simultaneous intervals, words, pooled gains and the worst harm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.statistics.evidence import shortage
from analysis.statistics.harm import Harm, one_sided_level, worst_harm
from analysis.statistics.influence import seed_influence
from analysis.statistics.intervals import ALPHA, Gain
from analysis.statistics.paired_gains import gain_of, strata_of
from analysis.statistics.partial_pooling import LEAST_ERROR, LEAST_TASKS, Pooled, pooled_gains
from analysis.statistics.simultaneous import ABOVE, BELOW, BOTH, covariance, level_of_each, normal_draws, step_down
from analysis.statistics.verdicts import HELPED, HURT, UNDECIDED, verdict

Rows = Sequence[pd.DataFrame]


@dataclass(frozen=True)
class Judged:
    """One comparison among those that are judged together.

    Args:
        gain: with its 95% interval and the simultaneous one.
        word: verdict word after the step-down.
        shortage: what there is too little of for a word; empty where there is enough.
        edge: half-width of the narrowest band with which *helped* or *hurt* would not be said, in points; NaN where
            neither is said.
    """

    gain: Gain
    word: str
    shortage: str
    edge: float


def judged_together(comparisons: Rows, band: float, level_divisor: int) -> list[Judged]:
    """Return the gains of comparisons, with intervals and words that hold for all of them at once.

    Args:
        comparisons: rows of one comparison each, of :func:`analysis.statistics.paired_gains.differences`.
        band: half-width of the band of no practical difference, in points.
        level_divisor: by which the level is divided, as the study was judged more than once.
    """
    known = [rows for rows in comparisons if has_interval(rows)]
    family = final = float(max(1, len(comparisons)))
    if known and len(known) == sum(bool(np.isfinite(gain_of(rows).half_width)) for rows in comparisons):
        draws = normal_draws(joint_covariance(known))
        family = ALPHA / level_divisor / level_of_each(draws, ALPHA / level_divisor)
        level = step_down(draws, ALPHA / level_divisor, lambda number, level: _side(known[number], band, level))
        final = ALPHA / level_divisor / level
    return [_judged(rows, band, level_divisor, family, final) for rows in comparisons]


def has_interval(rows: pd.DataFrame) -> bool:
    """Return whether a comparison has an interval, and knows what every test example contributes to its error."""
    half = gain_of(rows).half_width
    return math.isfinite(half) and "test_influence" in rows and rows["test_influence"].iloc[0] is not None


def joint_covariance(comparisons: Rows) -> np.ndarray:
    """Return the covariance of the errors of comparisons with intervals, over test examples and seeds."""
    seeds = sorted(set().union(*(set(rows["seed"]) for rows in comparisons)))
    return covariance(
        [rows["test_influence"].iloc[0] for rows in comparisons], [_of_seeds(rows, seeds) for rows in comparisons]
    )


def pooled_over_tasks(tasks: Rows, level_divisor: int) -> Pooled | None:
    """Return the partly pooled gains of the tasks of one arm; ``None`` where there are too few or one has no interval.

    Args:
        tasks: rows of one task each.
        level_divisor: by which the level is divided, as the study was judged more than once.
    """
    if len(tasks) < LEAST_TASKS or not all(has_interval(rows) for rows in tasks):
        return None
    gains = [gain_of(rows) for rows in tasks]
    degrees = float(np.median([gain.degrees for gain in gains if gain.error > LEAST_ERROR] or [np.inf]))
    return pooled_gains(np.array([gain.mean for gain in gains]), joint_covariance(tasks), degrees, level_divisor)


def harm_to_tasks(tasks: Rows, band: float, level_divisor: int) -> Harm | None:
    """Return what some task of one arm may lose at worst; ``None`` where a task has no interval.

    Args:
        tasks: rows of one task each.
        band: half-width of the band of no practical difference, in points.
        level_divisor: by which the level is divided, as the study was judged more than once.
    """
    if not tasks or not all(has_interval(rows) for rows in tasks):
        return None
    errors = joint_covariance(tasks)
    family = ALPHA / level_divisor / one_sided_level(normal_draws(errors), ALPHA / level_divisor)
    gains = [gain_of(rows, family=family, level_divisor=level_divisor) for rows in tasks]
    return worst_harm(np.array([gain.mean for gain in gains]), errors, [gain.simultaneous for gain in gains], band)


def _judged(rows: pd.DataFrame, band: float, level_divisor: int, family: float, final: float) -> Judged:
    gain = gain_of(rows, family=family, level_divisor=level_divisor)
    variance, degrees = float(rows["test_variance"].iloc[0]), float(rows["test_degrees"].iloc[0])
    lacks = "" if gain.n == 0 else shortage(_rarer(rows), degrees + 1, differ=variance > LEAST_ERROR**2)
    settled = gain_of(rows, family=final, level_divisor=level_divisor)
    word = UNDECIDED if lacks else verdict(settled, band)
    low, high = settled.simultaneous
    return Judged(gain, word, lacks, {HELPED: low, HURT: -high}.get(word, math.nan))


def _rarer(rows: pd.DataFrame) -> float:
    return float(rows["rarer"].iloc[0]) if "rarer" in rows else math.nan


def _side(rows: pd.DataFrame, band: float, level: float) -> int:
    """Which errors could still make the word wrong: those towards the band, once a gain or a loss is settled."""
    word = verdict(gain_of(rows, family=ALPHA / level), band)
    return {HELPED: BELOW, HURT: ABOVE}.get(word, BOTH)


def _of_seeds(rows: pd.DataFrame, seeds: Sequence[int]) -> np.ndarray:
    contributions = seed_influence(rows["gain"].to_numpy(dtype=float), strata_of(rows))
    by_seed = dict(zip(rows["seed"], contributions, strict=True))
    return np.array([by_seed.get(seed, 0.0) for seed in seeds])
