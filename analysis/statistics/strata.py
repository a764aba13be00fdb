"""Outer folds of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Strata:
    """Outer folds of paired differences: every seed's networks are judged on one fold of the examples.

    Args:
        fold: number of the fold of each difference.
        weight: share that the fold has of all test examples, by difference.
    """

    fold: np.ndarray
    weight: np.ndarray
