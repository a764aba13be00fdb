"""Studies of a fast real learner whose true gains are known: two ridge regressions on generated tables.

Inputs are standard normal, and targets are linear in them.  Tasks have most of their coefficients in common.  The
baseline fits every task alone, the arm draws the tasks' coefficients towards their mean, which helps on few rows and
hurts on many.  A replica trains on a random four fifths of the rows that do not judge it, so that training sets overlap
as they do in a study, and luck of its own moves its coefficients about as far as other training rows would.

The true gain is that of the networks that the study trains: averaged over random training sets, in every outer fold, on
all examples that there could be.  It is known in closed form for every replica, and differs from table to table.
Examples' differences are moved by a constant to a true gain of 0, which leaves all noise as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.statistics.example_differences import ExampleDifferences, test_part

SYMMETRIC, RARE, HEAVY = "symmetric", "rare", "heavy"
DIMENSIONS = 8
PENALTY = 3.0
"""Ridge penalty of the baseline, and of what the arm's tasks have in common."""
SHRINKAGE = 0.5
"""Ridge penalty per training row of what the arm's tasks have of their own."""
COMMON = 0.8
"""Share of the coefficients' variance that tasks have in common."""
POSITIVE = 0.04
"""Share of positives of a rare class."""
LUCK = 1.0
"""Standard deviation of a coefficient's luck, in units of the noise that training rows leave in it."""
CUT = 1.7507
"""Standard normal quantile of the share of negatives."""
THRESHOLD = 0.2
"""Score above which a row is predicted to be positive."""
ENOUGH = 60
"""Number of training sets of all folds over which the true gain is averaged."""
HEAVY_VARIANCE = 3.0
"""Variance of Student's t with 3 degrees of freedom, which the noise of heavy-tailed targets follows."""


@dataclass(frozen=True)
class Design:
    """What a study looks like.

    Args:
        num_tasks: number of tasks.
        rows: number of labelled rows.
        kind: ``symmetric`` and ``heavy`` are regressions (normal noise, or Student's t with 3 degrees of freedom),
            ``rare`` is accuracy with 4% positives.
        correlation: of the tasks' noise.
        folds: number of outer folds; 1: a fifth of the rows are the test split.
        seeds: number of verdict replicas of an arm, all folds together.
        max_seeds: number of replicas that it may go on to; 0: it does not go on.
    """

    num_tasks: int
    rows: int
    kind: str
    correlation: float
    folds: int
    seeds: int
    max_seeds: int = 0


@dataclass(frozen=True)
class Study:
    """What a study measured.

    Args:
        found: differences in points, moved to a true gain of 0, [seeds rows tasks]; NaN where a replica does not judge.
        targets: of the table, [rows tasks].
    """

    found: np.ndarray
    targets: np.ndarray


def study(design: Design, rng: np.random.Generator) -> Study:
    """Return one study on a table of its own.

    Args:
        design: of the study.
        rng: for the table and the replicas.
    """
    coefficients = coefficients_of(design)
    inputs, targets = _table(design, coefficients, rng)
    parts = np.array_split(rng.permutation(design.rows), max(design.folds, 5))[: design.folds]
    number = max(design.seeds, design.max_seeds)
    found, true = [], []
    for test in parts:
        pool = np.setdiff1d(np.arange(design.rows), test)
        trained = [rng.permutation(pool)[: len(pool) * 4 // 5] for _ in range(max(number, ENOUGH) // design.folds)]
        fits = [_fits(inputs, targets, train) for train in trained]
        lucky = [fit.with_luck(LUCK * noise_of_targets(design) / np.sqrt(len(pool) * 4 // 5), rng) for fit in fits]
        known = lucky if design.kind == RARE else fits  # in squared errors luck costs both arms the same on average
        true.append(np.mean([true_difference(design, fit, coefficients) for fit in known], axis=0))
        for fit in lucky[: number // design.folds]:
            judged = np.full((design.rows, design.num_tasks), np.nan)
            judged[test] = differences(design, fit, inputs[test], targets[test])
            found.append(judged)
    by_seed = np.array(found).reshape(design.folds, -1, design.rows, design.num_tasks).swapaxes(0, 1)
    return Study(by_seed.reshape(np.shape(found)) - np.mean(true, axis=0), targets)


def comparisons(design: Design, measured: Study) -> list[pd.DataFrame]:
    """Return the rows of every task, and last those of their mean, as the analysis has them of records.

    Args:
        design: of the study.
        measured: the study.
    """
    judged = np.isfinite(measured.found[:, :, 0]).any(axis=0)
    seeds = np.arange(design.seeds)
    tasks = [ExampleDifferences(seeds, part) for part in np.moveaxis(measured.found[:, judged], 2, 0)]
    per_seed = np.nanmean(measured.found, axis=1).T
    positives = measured.targets[judged].sum(axis=0) if design.kind == RARE else np.full(design.num_tasks, np.nan)
    return [
        _comparison(design, part, gain, rarer)
        for part, gain, rarer in zip(
            [*([task] for task in tasks), tasks],
            [*per_seed, per_seed.mean(axis=0)],
            [*positives.astype(float), np.nan],
            strict=True,
        )
    ]


def _comparison(design: Design, tasks: list[ExampleDifferences], gain: np.ndarray, rarer: float) -> pd.DataFrame:
    seeds = np.arange(len(gain))
    facts = {name: [value] * len(seeds) for name, value in test_part(tasks, design.folds, None).items()}
    return pd.DataFrame(
        {"seed": seeds, "gain": gain, "fold": seeds % design.folds, "weight": 1 / design.folds, "rarer": rarer} | facts
    )


def coefficients_of(design: Design) -> np.ndarray:
    """Return the coefficients of all tasks, of length 1 each, [dimensions tasks]; the same in every study."""
    rng = np.random.default_rng(7)
    common, own = rng.normal(size=(DIMENSIONS, 1)), rng.normal(size=(DIMENSIONS, design.num_tasks))
    drawn = np.sqrt(COMMON) * common + np.sqrt(1 - COMMON) * own
    return drawn / np.linalg.norm(drawn, axis=0)


def _table(design: Design, coefficients: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    def draw(columns: int) -> np.ndarray:
        size = (design.rows, columns)
        return rng.standard_t(3, size) if design.kind == HEAVY else rng.normal(size=size)

    inputs = rng.normal(size=(design.rows, DIMENSIONS))
    noise = np.sqrt(design.correlation) * draw(1) + np.sqrt(1 - design.correlation) * draw(design.num_tasks)
    targets = inputs @ coefficients + noise
    return inputs, (targets > np.sqrt(2) * CUT).astype(float) if design.kind == RARE else targets


@dataclass(frozen=True)
class Fit:
    """Intercepts [tasks], and the coefficients of the arm and of the baseline, [dimensions tasks]."""

    centre: np.ndarray
    arm: np.ndarray
    baseline: np.ndarray

    def with_luck(self, deviation: float, rng: np.random.Generator) -> Fit:
        """Return the same fit with normal luck in every coefficient."""
        arm, baseline = (one + deviation * rng.normal(size=one.shape) for one in (self.arm, self.baseline))
        return Fit(self.centre, arm, baseline)


def _fits(inputs: np.ndarray, targets: np.ndarray, train: np.ndarray) -> Fit:
    x, y = inputs[train], targets[train]
    centre = y.mean(axis=0)
    product, moments = x.T @ x, x.T @ (y - centre)
    common = moments.mean(axis=1, keepdims=True)

    def ridge(penalty: float, right: np.ndarray) -> np.ndarray:
        return np.linalg.solve(product + penalty * np.eye(DIMENSIONS), right)

    own = ridge(PENALTY + SHRINKAGE * len(train), moments - common)
    return Fit(centre, ridge(PENALTY, common) + own, ridge(PENALTY, moments))


def differences(design: Design, fit: Fit, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the arm's skill minus the baseline's on every row, in points, [rows tasks]."""
    arm, baseline = (fit.centre + inputs @ coefficients for coefficients in (fit.arm, fit.baseline))
    if design.kind == RARE:
        after, before = ((scores > THRESHOLD) == (targets > 0.5) for scores in (arm, baseline))
        return 100 / POSITIVE * (after.astype(float) - before)
    return 100 / variance_of_targets(design) * ((baseline - targets) ** 2 - (arm - targets) ** 2)


def variance_of_targets(design: Design) -> float:
    """Return the variance of a regression target, the trivial predictor's loss."""
    return 1 + (HEAVY_VARIANCE if design.kind == HEAVY else 1.0)


def noise_of_targets(design: Design) -> float:
    """Return the standard deviation of what a target has beyond a linear function of the inputs; for classes nearly."""
    return {SYMMETRIC: 1.0, HEAVY: HEAVY_VARIANCE**0.5, RARE: (POSITIVE * (1 - POSITIVE)) ** 0.5}[design.kind]


def true_difference(design: Design, fit: Fit, coefficients: np.ndarray) -> np.ndarray:
    """Return the mean of :func:`differences` over all examples that there could be, [tasks]."""
    if design.kind == RARE:
        after, before = (_share_right(fit.centre, one, coefficients) for one in (fit.arm, fit.baseline))
        return 100 / POSITIVE * (after - before)
    before, after = (np.sum((one - coefficients) ** 2, axis=0) for one in (fit.baseline, fit.arm))
    return 100 / variance_of_targets(design) * (before - after)


def _share_right(centre: np.ndarray, found: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Probability that a score is on the same side of its threshold as the target is of its cut.

    The target's latent value is z = b·x + noise with variance 2, and the score c + a·x.  Given z, a·x is normal with
    mean z a·b / 2 and variance |a|² − (a·b)² / 2: one integral over z remains.
    """
    product = np.sum(found * coefficients, axis=0)
    deviation = np.sqrt(np.maximum(np.sum(found**2, axis=0) - product**2 / 2, 1e-12))
    latent = np.linspace(-8.0, 8.0, 801)[:, None]
    above = ndtr((centre + latent / np.sqrt(2) * product - THRESHOLD) / deviation)
    density = np.exp(-(latent**2) / 2) / np.sqrt(2 * np.pi) * (latent[1, 0] - latent[0, 0])
    positive = ndtr((latent - CUT) * 1e6)
    return np.sum(density * (positive * above + (1 - positive) * (1 - above)), axis=0)
