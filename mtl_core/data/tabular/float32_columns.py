"""Numbers as float32: a column whose values differ little for their size is centred first, in float64."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FINEST = 1e-4
"""A column is centred where neighbouring float32 numbers lie further apart than this share of its deviation."""
COARSEST = 1e-2
"""Where even neighbouring float64 numbers lie further apart than this share of the deviation, it is rounding noise."""

SMALLEST = 1e-37
"""Deviations below it have a reciprocal, by which inputs are scaled, that float32 cannot hold."""


@dataclass(frozen=True)
class Float32Column:
    """A column as float32.

    Args:
        values: ``[n]``, the numbers minus ``origin``; NaN where one is missing.
        origin: what was subtracted in float64; 0 for most columns.
    """

    values: np.ndarray
    origin: float


def as_float32(numbers: np.ndarray, development: np.ndarray) -> Float32Column | None:
    """Return ``numbers`` as float32, minus their mean on ``development`` rows (a mask) where they would lose digits.

    What is fitted later is fitted to each training split and undoes any origin, so that nothing is learnt from it.

    Args:
        numbers: float64 ``[n]``, NaN where one is missing.
        development: the rows that are looked at.

    Returns:
        The column; ``None`` where numbers differ, but by less than float64 or float32 can tell from rounding.
    """
    known = numbers[development & ~np.isnan(numbers)]
    if not len(known) or (known == known[0]).all():
        return Float32Column(numbers.astype(np.float32), 0.0)
    deviation, largest = float(known.std()), float(np.abs(known).max())
    if np.spacing(largest) > COARSEST * deviation or deviation < SMALLEST:
        return None
    if np.spacing(np.float32(largest)) <= FINEST * deviation:
        return Float32Column(numbers.astype(np.float32), 0.0)
    origin = math.fsum(known) / len(known)  # exact, so that the order of the rows does not matter
    return Float32Column((numbers - origin).astype(np.float32), origin)
