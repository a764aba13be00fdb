"""Outer folds of paired differences, and the fold that a seed belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Seeds = TypeVar("Seeds")


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
