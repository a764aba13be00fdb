"""Inputs of an array: float32 rows, and the image that each row is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mtl_core.data.reading.size_limit import refuse_beyond_memory
from mtl_core.data.tabular.columns import LARGEST
from mtl_core.data.tabular.float32_columns import as_float32
from mtl_core.errors import UserError

CHANNELS = (1, 2, 3, 4)
MOST_COLUMNS = 1_000_000
PIECE = 2**24
Layout = Literal["first", "last"]


@dataclass(frozen=True)
class InputArray:
    """Inputs as a task set holds them.

    Args:
        rows: float32 ``[n, d]``; NaN where a number is missing.
        image: channels, height and width of an example; ``None``: it is a row of numbers.
        standardise: ``[d]``, which columns are standardised.
    """

    rows: np.ndarray
    image: tuple[int, int, int] | None
    standardise: np.ndarray


def input_array(values: np.ndarray, development: np.ndarray, channels: Layout | None, where: str) -> InputArray:
    """Return inputs ``[n, d]``, ``[n, height, width]``, or images with channels, as rows.

    Args:
        values: of all examples.
        development: mask of the examples to develop on.
        channels: whether those of ``[n, …]`` images stand first or last; ``None``: by their number.
        where: the array, for messages.

    Raises:
        UserError: when values are no numbers, or infinite, or the shape is that of no image.
    """
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8:
        advice = "Give numbers; encode text and dates as numbers first, or save a table."
        raise UserError(where, f"holds values of type {values.dtype}.", advice)
    image, moved = _image(values, channels, where)
    width = math.prod(values.shape[1:])
    if not 0 < width <= MOST_COLUMNS:
        raise UserError(where, f"has {width:,} numbers an example.", f"Give from 1 to {MOST_COLUMNS:,}.")
    refuse_beyond_memory(where, 4.0 * values.size)
    flat = moved.reshape(len(values), width)
    _refuse_the_infinite(flat, where)
    if image is None and values.dtype in (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.uint64)):
        _refuse_the_indistinct(flat, development, where)
    rows = flat.astype(np.float32)
    return InputArray(rows, image, np.ones(width, dtype=bool) if image else _is_no_flag(rows))


def _image(values: np.ndarray, channels: Layout | None, where: str) -> tuple[tuple[int, int, int] | None, np.ndarray]:
    """Return the image that an example is, and the values with channels first."""
    if values.ndim == 2:
        return None, values
    if values.ndim == 3:
        return (1, *values.shape[1:]), values  # pyright: ignore[reportReturnType]
    if values.ndim != 4:
        advice = "Give [n, numbers], [n, height, width] or [n, channels, height, width]."
        raise UserError(where, f"has shape {list(values.shape)}.", advice)
    first, last = values.shape[1] in CHANNELS, values.shape[3] in CHANNELS
    if channels is None and first == last:
        found = f"has shape {list(values.shape)}, where either end could be the channels, or neither."
        raise UserError(where, found, "Write channels: first or channels: last under tasks.")
    if (channels or ("first" if first else "last")) == "last":
        values = np.moveaxis(values, 3, 1)
    return tuple(values.shape[1:]), values  # pyright: ignore[reportReturnType]


def _refuse_the_infinite(flat: np.ndarray, where: str) -> None:
    if flat.dtype.kind != "f":
        return
    step = max(PIECE // max(flat.shape[1], 1), 1)
    for start in range(0, len(flat), step):
        with np.errstate(invalid="ignore"):
            bad = np.argwhere(np.abs(flat[start : start + step]) > LARGEST)
        if len(bad):
            row, column = bad[0]
            found = f"example {start + row + 1} holds {flat[start + row, column]:g}; the largest is {LARGEST:g}."
            raise UserError(where, found, "Rescale it, or write NaN for missing numbers.")


def _refuse_the_indistinct(flat: np.ndarray, development: np.ndarray, where: str) -> None:
    """Refuse columns that differ by less than float32 can tell."""
    for column in range(flat.shape[1]):
        narrow = as_float32(flat[:, column].astype(np.float64), development)
        if narrow is None or narrow.origin:
            found = f"column {column} has values that differ by little for their size."
            raise UserError(where, found, "Subtract their mean before the array is saved.")


def _is_no_flag(rows: np.ndarray) -> np.ndarray:
    """Return which columns hold anything but 0 and 1."""
    return np.array([bool((~np.isin(column, (0, 1)) & ~np.isnan(column)).any()) for column in rows.T])
