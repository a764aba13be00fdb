"""Studies of a fast real learner whose true gains are known: two ridge regressions on generated tables.

Inputs are normal and targets linear in them.  The arm has a small ridge penalty, the baseline a large one.  A replica
trains on a random four fifths of the development rows, so that training sets overlap as they do in a study, and its
pool has luck of its own.  The gain of the procedure over pools is found once on many pools with large test sets, and
examples' differences are moved by a constant to the wanted gains, which leaves all noise as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from analysis.statistics.influence import effective_groups, example_influence

SYMMETRIC, RARE, HEAVY = "symmetric", "rare", "heavy"
DIMENSIONS = 8
PENALTIES = (1.0, 40.0)
POSITIVE = 0.04
"""Share of positives of a rare class."""
THRESHOLD = 0.2
"""Score above which a row is predicted to be positive."""


@dataclass(frozen=True)
class Design:
    """What a study looks like.

    Args:
        num_tasks: number of tasks.
        rows: number of labelled rows.
        kind: ``symmetric`` and ``heavy`` are regressions (normal noise, or Student's t with 3 degrees of freedom),
            ``rare`` is accuracy with 4% positives.
        correlation: of the tasks' coefficients and noise.
        folds: number of outer folds; 1: a fifth of the rows are the test split.
        seeds: number of verdict replicas of an arm, all folds together.
    """

    num_tasks: int
    rows: int
    kind: str
    correlation: float
    folds: int
    seeds: int


def study(design: Design, rng: np.random.Generator, gains: Sequence[float] | None = None) -> list[pd.DataFrame]:
    """Return the rows of every task's comparison, in the form of :func:`analysis.statistics.paired_gains.differences`.

    Args:
        design: of the study.
        rng: for the table and the replicas.
        gains: true gains in points; ``None``: 0.
    """
    inputs, targets = _table(design, design.rows, rng)
    parts = np.array_split(rng.permutation(design.rows), max(design.folds, 5))[: design.folds]
    found = np.full((design.seeds, design.rows, design.num_tasks), np.nan)
    for seed in range(design.seeds):
        test = parts[seed % design.folds]
        pool = np.setdiff1d(np.arange(design.rows), test)
        found[seed, test] = _differences(design, inputs, targets, rng.permutation(pool)[: len(pool) * 4 // 5], test)
    moved = found - true_gain(design.kind, design.rows) + np.asarray(gains if gains is not None else 0.0)
    return comparisons(design, moved, targets)


def comparisons(design: Design, found: np.ndarray, targets: np.ndarray) -> list[pd.DataFrame]:
    """Return the rows of every task, and last those of their mean.

    Args:
        design: of the study.
        found: differences in points, [seeds rows tasks], NaN where a replica does not judge.
        targets: of the table, [rows tasks].
    """
    judged = np.isfinite(found[:, :, 0]).any(axis=0)
    averaged = np.nanmean(found[:, judged], axis=0).T
    seeds = np.arange(design.seeds)
    per_seed = np.nanmean(found, axis=1).T
    rare = [float(targets[judged, task].sum()) if design.kind == RARE else np.nan for task in range(design.num_tasks)]
    parts = [*averaged, averaged]
    return [
        _comparison(part, gain, seeds, design.folds, rarer)
        for part, gain, rarer in zip(parts, [*per_seed, per_seed.mean(axis=0)], [*rare, np.nan], strict=True)
    ]


def _comparison(examples: np.ndarray, gain: np.ndarray, seeds: np.ndarray, folds: int, rarer: float) -> pd.DataFrame:
    influence = example_influence(examples)
    assert influence is not None
    facts = {"test_variance": float(np.sum(influence**2)), "test_degrees": effective_groups(examples) - 1}
    frame = pd.DataFrame({"seed": seeds, "gain": gain, "fold": seeds % folds, "weight": 1 / folds} | facts)
    return frame.assign(test_influence=[influence] * len(seeds), rarer=rarer)


def _table(design: Design, rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    own, common = design.num_tasks, np.sqrt(design.correlation)
    coefficients = np.random.default_rng(7).normal(size=(DIMENSIONS, own + 1))
    coefficients = common * coefficients[:, :1] + np.sqrt(1 - design.correlation) * coefficients[:, 1:]
    coefficients /= np.linalg.norm(coefficients, axis=0)
    shared, noise = rng.normal(size=(rows, 1)), rng.normal(size=(rows, own))
    if design.kind == HEAVY:
        shared, noise = rng.standard_t(3, (rows, 1)), rng.standard_t(3, (rows, own))
    inputs = rng.normal(size=(rows, DIMENSIONS))
    targets = inputs @ coefficients + common * shared + np.sqrt(1 - design.correlation) * noise
    return inputs, (targets > np.sqrt(2) * 1.7507).astype(float) if design.kind == RARE else targets


def _differences(
    design: Design, inputs: np.ndarray, targets: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Skill of the arm minus that of the baseline on every test row, in points, [rows tasks]."""
    x, y = inputs[train], targets[train]
    centre = y.mean(axis=0)
    product, moments = x.T @ x, x.T @ (y - centre)
    arm, base = (
        centre + inputs[test] @ np.linalg.solve(product + penalty * np.eye(DIMENSIONS) * len(train) / 100, moments)
        for penalty in PENALTIES
    )
    if design.kind == RARE:
        right = ((score > THRESHOLD) == (targets[test] > 0.5) for score in (arm, base))
        after, before = (hit.astype(float) for hit in right)
        return 100 * (after - before) / POSITIVE
    variance = 4.0 if design.kind == HEAVY else 2.0
    return 100 * ((base - targets[test]) ** 2 - (arm - targets[test]) ** 2) / variance


@cache
def true_gain(kind: str, rows: int) -> float:
    """Return the gain of the arm over the baseline in points, over pools of the size that a study of ``rows`` has."""
    rng, found = np.random.default_rng(11), []
    design = Design(16, rows, kind, 0.0, 1, 1)
    train, test = np.arange(rows * 4 // 5 * 4 // 5), np.arange(rows, rows + 4000)
    for _ in range(200):
        inputs, targets = _table(design, rows + 4000, rng)
        found.append(_differences(design, inputs, targets, train, test).mean())
    return float(np.mean(found))
