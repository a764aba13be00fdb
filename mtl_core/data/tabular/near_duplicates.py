"""A check for test rows whose inputs nearly equal those of a row to develop on."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from mtl_core.data.remark import Remark
from mtl_core.data.row_parts import RowParts

NEAR = 0.01
"""Largest difference of two nearly equal rows in any input: of a number in standard deviations of the column."""
FEWEST_MEASURING = 4
"""Smallest number of inputs with many values; with fewer, rows are nearly equal by chance."""
MANY_VALUES = 100
MOST_ROWS, MOST_KNOWN = 2_000, 200_000
"""Test rows, and rows to develop on, that are looked at; of more, every k-th."""
DIRECTIONS = 4
"""Number of directions onto which rows are projected to find candidates."""


def near_duplicates(inputs: np.ndarray, standardise: np.ndarray, parts: RowParts, units: np.ndarray) -> list[Remark]:
    """Return a remark if rows that judge nearly equal rows that are learnt from, else an empty list.

    Two rows are nearly equal if no standardised input differs by more than :data:`NEAR` standard deviations, all 0/1
    columns are equal, and the rows are not equal.  Rows are compared where :data:`FEWEST_MEASURING` inputs or more have
    many values.  Candidates are found by a few orthonormal projections, which never lengthen a difference, so that no
    pair among the rows looked at is missed.

    Args:
        inputs: encoded inputs, rows × columns; NaN where a value is missing.
        standardise: for each column, whether training standardises it.
        parts: what the rows are for; where all judge, all are compared with all.
        units: number of every row's group, or of the row: within one, rows are not compared, for no split divides it.
    """
    tested, developed = _some(parts.judging, MOST_ROWS), _some(parts.learnt, MOST_KNOWN)
    if _num_measuring(inputs, standardise) < FEWEST_MEASURING or not len(tested) or not len(developed):
        return []
    known, asked = _scaled(inputs[developed], inputs[tested], standardise)
    differences = _smallest_differences(known, asked, units[developed], units[tested])
    found = int(((differences > 0) & (differences <= NEAR)).sum())
    if not found:
        return []
    sample = f" (a sample of {int(parts.judging.sum()):,})" if len(tested) < parts.judging.sum() else ""
    grouped = len(np.unique(units)) < len(units)
    other = f" of {'another group' if grouped else 'the others'}" if parts.all_judge else ""
    among = f"a row{other}" if len(developed) == parts.learnt.sum() else f"one of {len(developed):,} rows{other}"
    test = "" if parts.all_judge else "test "
    said = f"{found:,} of {len(tested):,} {test}rows{sample} nearly repeat {among}{parts.learnt_in_words}: "
    advice = "If they come from one person, place or moment, name groups, so that no split divides them."
    return [Remark("near_rows", "", f"{said}no input differs by more than {NEAR:g} standard deviations. {advice}")]


def _num_measuring(inputs: np.ndarray, standardise: np.ndarray) -> int:
    """Number of inputs that are numbers with many different values, on the first rows."""
    some = inputs[: 10 * MANY_VALUES, standardise]
    return sum(len(np.unique(column[~np.isnan(column)])) >= MANY_VALUES for column in some.T)


def _some(wanted: np.ndarray, most: int) -> np.ndarray:
    """Places of the wanted rows; of too many, every k-th."""
    places = np.flatnonzero(wanted)
    return places[:: -(-len(places) // most) or 1]


def _scaled(known: np.ndarray, asked: np.ndarray, standardise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets of rows in standard deviations of the known ones; a missing value counts as their mean."""
    counts = np.maximum((~np.isnan(known)).sum(axis=0), 1)
    mean = np.where(standardise, np.nansum(known, axis=0, dtype=np.float64) / counts, 0)
    deviation = np.where(standardise, np.sqrt(np.nansum((known - mean) ** 2, axis=0) / counts), 1)
    deviation[deviation == 0] = 1
    shift, scale = mean.astype(np.float32), (1 / deviation).astype(np.float32)
    first, second = (np.nan_to_num((rows - shift) * scale, nan=0.0) for rows in (known, asked))
    return first, second


def _smallest_differences(
    known: np.ndarray, asked: np.ndarray, known_units: np.ndarray, asked_units: np.ndarray
) -> np.ndarray:
    """Return for every asked row its smallest distance to a known row of another unit.

    The distance of two rows is their largest difference in any input.  Infinite where no known row is near.
    """
    columns = known.shape[1]
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(columns, min(DIRECTIONS, columns))))[0]
    projected = [(rows @ basis.astype(rows.dtype)).astype(np.float64) for rows in (known, asked)]
    reach = NEAR * columns**0.5 * 1.01  # the longest difference of two near rows, and something for rounding
    nearby = KDTree(projected[0]).query_ball_point(projected[1], reach)
    smallest = np.full(len(asked), np.inf)
    for place, candidates in enumerate(nearby):
        candidates = [other for other in candidates if known_units[other] != asked_units[place]]
        if candidates:
            smallest[place] = np.abs(known[candidates] - asked[place]).max(axis=1).min()
    return smallest
