"""Twice the rows again and again, until they do not fit or are hardly faster."""

from __future__ import annotations

from collections.abc import Callable

import torch

from study.planning.cards.samples import GAIN, Limit, Measured, Sample

SHARE = 0.85
"""Part of the card's memory that arrays may take: the rest is for what the allocator cannot use of its own."""
FIRST_ROWS = 4


def doubled(
    sample: Callable[[int], Sample],
    *,
    free_bytes: float,
    most_rows: int,
    clock: Callable[[], float],
    until: float,
) -> Measured | None:
    """Return what arrays of 4, 8, 16, … rows have shown, or two smaller ones; ``None`` where not even one row fits.

    Args:
        sample: trains a few steps of so many rows.
        free_bytes: memory of the card that could be had.
        most_rows: replicas that the study has for an array, at most.
        clock: returns seconds.
        until: reading of the clock after which nothing more is begun that would take as long as the time that is left.

    Raises:
        Exception: of ``sample``, but for want of the card's memory.
    """
    samples: list[Sample] = []
    rows, began = min(FIRST_ROWS, max(most_rows // 2, 1)), clock()
    expected, too_many = 0.0, None

    def ended(limit: Limit) -> Measured | None:
        return Measured(samples, limit, free_bytes, too_many) if samples else None

    while True:
        if samples and began + expected > until:
            return ended("time")
        if len(samples) > 1 and not _fits(Measured(samples, "time", free_bytes), rows, free_bytes):
            return ended("memory")
        try:
            samples.append(sample(rows))
        except torch.OutOfMemoryError:
            too_many = rows
            if samples or rows == 1:
                return ended("memory")
            rows //= 2
            continue
        now = clock()
        began, expected = now, 2 * (now - began)
        if len(samples) > 1 and samples[-1].rate < GAIN * samples[-2].rate and rows == 2 * samples[-2].rows:
            return ended("speed")
        if rows >= most_rows:
            return ended("replicas")
        rows = min(2 * rows, most_rows)
        if too_many is not None and rows >= too_many:
            return ended("memory")


def _fits(measured: Measured, rows: int, free_bytes: float) -> bool:
    return measured.fixed_bytes + rows * measured.row_bytes <= SHARE * free_bytes
