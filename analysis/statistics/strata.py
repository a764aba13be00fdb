"""Outer folds of paired differences, and the fold that a seed belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Seeds = TypeVar("Seeds")
FEWEST_OF_A_FOLD = 2
"""Two seeds of a fold, trained on the same examples, are what shows the spread between seeds."""


@dataclass(frozen=True)
class Strata:
    """Outer folds of paired differences: every seed's networks are judged on one fold of the examples.

    Args:
        fold: number of the fold of each difference.
        weight: share that the fold has of all test examples, by difference.
    """

    fold: np.ndarray
    weight: np.ndarray


def fold_of(seeds: Seeds, folds: int) -> Seeds:
    """Return the outer fold of a seed, or of each of an array of them: the seed modulo the number of folds."""
    return seeds % folds  # pyright: ignore[reportOperatorIssue, reportReturnType]


def in_whole_folds(seeds: int, folds: int, fewest: int = FEWEST_OF_A_FOLD) -> int:
    """Return how many seeds are trained where there shall be ``seeds``: with outer folds the same number of each.

    Args:
        seeds: how many there shall be.
        folds: number of outer folds; 1: there are none.
        fewest: seeds that every outer fold has at least.
    """
    return seeds if folds == 1 else folds * max(math.ceil(seeds / folds), fewest)
